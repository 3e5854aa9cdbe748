"""A compiled letter to very many: what they have in common is coded once, a recipient costs a splice."""

from __future__ import annotations

import html
from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter

from digest.letter import compile as compiled
from digest.letter import headers, quoted
from digest.letter.compile import Compiled
from digest.letter.headers import Mailbox

_TOKEN = "x" * 60
_IDENTITY, _LEAVE, _VISIT = "identity", "leave", "visit"
_ORDER = (
    *(compiled.DATE, _IDENTITY, _LEAVE, _VISIT, compiled.TO),
    *(f"{part}.{hole}" for hole in ("name", "address", "reason") for part in ("text", "html")),
)
"""Of the values below."""


class Series:
    """One variant's messages. A link is a beginning that all share and a token: dots, digits and small letters."""

    def __init__(
        self, letter: Compiled, *, unsubscribe: str, manage: str, mailto: tuple[str, str] | None, domain: str
    ) -> None:
        """`mailto` stands before and after the token in the second address of List-Unsubscribe.

        `domain` ends every Message-ID. LetterError for a link that no header can hold.
        """
        around = {
            compiled.MESSAGE_ID: (_IDENTITY, _cut(headers.message_id(b"", domain), at=1)),
            compiled.LIST_UNSUBSCRIBE: (_LEAVE, _list_unsubscribe(unsubscribe, mailto)),
        }
        for hole, value, link in (("unsubscribe", _LEAVE, unsubscribe), ("manage", _VISIT, manage)):
            around |= {f"text.{hole}": (value, _link(link)), f"html.{hole}": (value, _link(html.escape(link)))}
        fixed, run, chosen = [], b"", []
        for before, slot in zip(letter.fixed, letter.slots, strict=False):
            value, (first, *others) = around.get(slot, (slot, (b"", b"")))
            run += before + first
            for then in others:
                fixed.append(run)
                chosen.append(_ORDER.index(value))
                run = then
        self._frame = [b""] * (2 * len(fixed) + 1)
        self._frame[::2] = *fixed, run + letter.fixed[-1]
        self._pick = itemgetter(*chosen)

    def pieces(
        self,
        *,
        names: Iterable[str],
        addresses: Iterable[str],
        reasons: Iterable[tuple[bytes, bytes]],
        leaving: Iterable[bytes],
        visiting: Iterable[bytes],
        identities: Iterable[bytes],
        date: datetime,
    ) -> list[list[bytes]]:
        """Each recipient's message, in order, to be joined once: what all share is in each by reference.

        `reasons` are `compiled.filled`, since many share them; `leaving` and `visiting` are the tokens that end their
        links, `identities` begin the Message-IDs. LetterError for an address that no header can hold.
        """
        moment, frame, pick, messages = headers.date_value(date).encode("ascii"), self._frame, self._pick, []
        for name, address, reason, leave, visit, identity in zip(
            names, addresses, reasons, leaving, visiting, identities, strict=True
        ):
            message = frame.copy()
            message[1::2] = pick((moment, identity, leave, visit, *addressed(name, address), *reason))
            messages.append(message)
        return messages


def addressed(name: str, address: str) -> tuple[bytes, ...]:
    """What says whom a letter is for: in To, then name and address, each as the text and as the HTML have it.

    LetterError for an address that no header can hold.
    """
    usual = headers.usual_box(name, address)
    if usual and usual[0] not in quoted.GUARDED and address[0] not in quoted.GUARDED:
        called, where = name.encode(), address.encode()
        return usual.encode(), called, called, where, where
    to = headers.mailbox_value("To", Mailbox(name, address)).encode("utf-8")
    return to, *compiled.filled(name), *compiled.filled(address)


def _link(beginning: str) -> tuple[bytes, bytes]:
    """What stands before the token that ends a link: a soft break, so that any token may follow; and behind it."""
    return quoted.value(beginning) + quoted.SOFT.encode("ascii"), b""


def _cut(value: str, *, at: int) -> tuple[bytes, bytes]:
    return value[:at].encode("ascii"), value[at:].encode("ascii")


def _list_unsubscribe(https: str, mailto: tuple[str, str] | None) -> tuple[bytes, ...]:
    """What stands around the tokens of its addresses."""
    before, after = mailto or ("", "")
    whole = headers.list_unsubscribe_value(f"{https}{_TOKEN}", f"{before}{_TOKEN}{after}" if mailto else "")
    return tuple(whole.encode("ascii").split(_TOKEN.encode("ascii")))
