"""A compiled letter and a subscriber: the bytes of one message, the same for every retry but for its date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from digest.letter import headers
from digest.letter.compile import Compiled
from digest.letter.holes import Personal
from digest.settings.keys import Keyring
from digest.store.deliveries import Addressee
from digest.store.mailings import MailingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """One subscriber's own addresses in one mailing."""

    unsubscribe: str
    manage: str
    mailto: str | None = None
    """Only where an intake reads its mail."""


LinksOf = Callable[[str, str, str], Links]
"""(subscriber's handle, digest, key id of the mailing) -> its links."""
ReasonOf = Callable[[str, str, str, date | None], str]
"""(digest, language, basis, day of consent) -> why one gets this, in words."""


def message_id(keys: Keyring, *, edition_id: int, revision: int, handle: str, domain: str, key_id: str) -> str:
    """The same for every retry of a letter, another for a correction; nobody can read from it whose it is."""
    mac = keys.mac("message-id", str(edition_id), str(revision), handle, key_id=key_id)
    return headers.message_id(mac, domain)


def personalise(
    letter: Compiled,
    addressee: Addressee,
    *,
    mailing: MailingRow,
    keys: Keyring,
    domain: str,
    links: Links,
    reason: str,
    now: datetime,
) -> bytes:
    """The whole message, CRLF and 7-bit, as it goes on the wire.

    `domain` is that of the sender's From. LetterError for an address that no header can hold.
    """
    return letter.personalise(
        Personal(
            name=addressee.name,
            address=addressee.email,
            reason=reason,
            unsubscribe=links.unsubscribe,
            manage=links.manage,
            mailto=links.mailto or "",
            date=now,
            message_id=message_id(
                keys,
                edition_id=mailing.edition_id,
                revision=mailing.revision,
                handle=addressee.handle,
                domain=domain,
                key_id=mailing.key_id,
            ),
        )
    )
