"""A compiled letter to very many: what they have in common is coded once, a recipient costs a splice."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import datetime
from operator import itemgetter

from digest.letter import compile as compiled
from digest.letter import headers, quoted
from digest.letter.compile import Compiled

_TOKEN = "x" * 60
_IDENTITY, _LEAVE, _VISIT = "identity", "leave", "visit"
_ORDER = (
    *(compiled.TO, compiled.DATE, _IDENTITY, _LEAVE, _VISIT),
    *(f"{part}.{hole}" for hole in ("name", "address", "reason") for part in ("text", "html")),
)
"""Of the values below."""
_UNUSED = (b"", b"")


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
        self._name, self._address = (_filler(letter, hole) for hole in ("name", "address"))
        self._moment: datetime | None = None
        self._date = b""

    def pieces(
        self, *, name: str, address: str, reason: str, leave: bytes, visit: bytes, date: datetime, identity: bytes
    ) -> list[bytes]:
        """One recipient's message, in order, to be joined once: what all share is in each by reference.

        `leave` and `visit` are the tokens that end their links, `identity` begins the Message-ID, the others are as
        in `Personal`. LetterError for an address that no header can hold.
        """
        if date is not self._moment:
            self._moment, self._date = date, headers.date_value(date).encode("ascii")
        to, said = headers.to_value(name, address), compiled.filled_alike(reason)
        pieces = self._frame.copy()
        pieces[1::2] = self._pick(
            (to, self._date, identity, leave, visit, *self._name(name), *self._address(address), *said)
        )
        return pieces


def _filler(letter: Compiled, hole: str) -> Callable[[str], tuple[bytes, bytes]]:
    """What fills a hole of the text and of the HTML; nothing is worked out for one that the letter does not have."""
    return (lambda _: _UNUSED) if {f"text.{hole}", f"html.{hole}"}.isdisjoint(letter.slots) else compiled.filled


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
