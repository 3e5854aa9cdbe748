"""A compiled letter and a subscriber: the bytes of one message, the same for every retry but for its date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from hashlib import blake2b

from digest.letter import headers
from digest.letter.compile import Compiled, filled
from digest.letter.series import Series
from digest.model.deliveries import millis
from digest.settings.keys import Keyring, framed, macs
from digest.store.addressees import Addressees
from digest.store.mailings import MailingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Everybody's own addresses in one mailing: how they begin, and what makes from handles how they end."""

    unsubscribe: str
    leave: Callable[[Sequence[str]], list[bytes]]
    manage: str
    visit: Callable[[Sequence[str]], list[bytes]]
    mailto: tuple[str, str] | None = None
    """What stands before and after the token of leaving; only where an intake reads its mail."""


LinksOf = Callable[[str, str], Links]
"""(digest, key id of the mailing) -> its links."""
ReasonOf = Callable[[str, str, str, date | None], str]
"""(digest, language, basis, day of consent) -> why one gets this, in words."""


def message_id(
    keys: Keyring, *, edition_id: int, revision: int, sealed_at: datetime, handle: str, domain: str, key_id: str
) -> str:
    """The same for every retry of a letter, another for a correction; nobody can read from it whose it is.

    `sealed_at` is when its mailing was made: a restored store gives the number of an edition that it lost to another.
    """
    identity = _identity(keys, edition_id, revision, sealed_at, key_id)
    identity.update(framed(handle))
    return headers.message_id(identity.digest(), domain)


def _identity(keys: Keyring, edition_id: int, revision: int, sealed_at: datetime, key_id: str) -> blake2b:
    """What all letters of a mailing have in common."""
    return keys.begun("message-id", str(edition_id), str(revision), str(millis(sealed_at)), key_id=key_id)


class Writer:
    """One variant of a mailing, ready to be written to anybody; what all have in common is worked out once."""

    def __init__(
        self,
        letter: Compiled,
        mailing: MailingRow,
        *,
        keys: Keyring,
        domain: str,
        links: Links,
        reason: Callable[[str, date | None], str],
    ) -> None:
        """`domain` is that of the sender's From; `reason` says from basis and day why one gets this."""
        self.most = letter.size
        """Octets that no message of it exceeds."""
        self._links = links
        self._identity = _identity(keys, mailing.edition_id, mailing.revision, mailing.created_at, mailing.key_id)
        self._reason = lru_cache(maxsize=1024)(partial(_reason, reason))
        self._series = Series(
            letter, unsubscribe=links.unsubscribe, manage=links.manage, mailto=links.mailto, domain=domain
        )

    def write(self, people: Addressees, now: datetime) -> list[list[bytes]]:
        """Their messages in pieces, CRLF and 7-bit, as they go on the wire; `now` in whole seconds.

        LetterError for an address that no header can hold.
        """
        handles = people.handles
        return self._series.pieces(
            names=people.names,
            addresses=people.emails,
            reasons=map(self._reason, people.bases, [since[:10] for since in people.since]),
            leaving=self._links.leave(handles),
            visiting=self._links.visit(handles),
            identities=[identity.encode() for identity in macs(self._identity, handles)],
            date=now,
        )


def _reason(reason: Callable[[str, date | None], str], basis: str, day: str) -> tuple[bytes, bytes]:
    return filled(reason(basis, date.fromisoformat(day) if day else None))
