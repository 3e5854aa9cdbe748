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
_BODIES = ("name", "address", "reason", "unsubscribe", "manage")
_ORDER = (
    *(compiled.TO, compiled.DATE, compiled.MESSAGE_ID, compiled.LIST_UNSUBSCRIBE),
    *(f"{part}.{hole}" for hole in _BODIES for part in ("text", "html")),
)
"""Of the values below."""
_UNUSED = (b"", b"")


class Series:
    """One variant's messages. A link is a beginning that all share and a token: dots, digits and small letters."""

    def __init__(self, letter: Compiled, *, unsubscribe: str, manage: str, mailto: tuple[str, str] | None) -> None:
        """`mailto` stands before and after the token in the second address of List-Unsubscribe.

        LetterError for a link that no header can hold.
        """
        self._frame = [b""] * (len(letter.fixed) + len(letter.slots))
        self._frame[::2] = letter.fixed
        self._pick = itemgetter(*map(_ORDER.index, letter.slots))
        self._name, self._address = (_filler(letter, hole) for hole in ("name", "address"))
        self._leave, self._visit = _link(unsubscribe), _link(manage)
        self._moment: datetime | None = None
        self._date = b""
        self._list_unsubscribe = _list_unsubscribe(unsubscribe, mailto)

    def pieces(
        self, *, name: str, address: str, reason: str, leave: bytes, visit: bytes, date: datetime, message_id: bytes
    ) -> list[bytes]:
        """One recipient's message, in order, to be joined once: what all share is in each by reference.

        `leave` and `visit` are the tokens that end their links, the others as in `Personal`. LetterError for an
        address that no header can hold.
        """
        (text_leave, html_leave), (text_visit, html_visit) = self._leave, self._visit
        values = (
            headers.to_value(name, address),
            self._date_of(date),
            message_id,
            self._list_unsubscribe(leave),
            *self._name(name),
            *self._address(address),
            *compiled.filled_alike(reason),
            text_leave + leave,
            html_leave + leave,
            text_visit + visit,
            html_visit + visit,
        )
        pieces = self._frame.copy()
        pieces[1::2] = self._pick(values)
        return pieces

    def _date_of(self, moment: datetime) -> bytes:
        """The value of Date, worked out once for all who are written to at one moment."""
        if moment is not self._moment:
            self._moment, self._date = moment, headers.date_value(moment).encode("ascii")
        return self._date


def _filler(letter: Compiled, hole: str) -> Callable[[str], tuple[bytes, bytes]]:
    """What fills a hole of the text and of the HTML; nothing is worked out for one that the letter does not have."""
    return (lambda _: _UNUSED) if {f"text.{hole}", f"html.{hole}"}.isdisjoint(letter.slots) else compiled.filled


def _link(beginning: str) -> tuple[bytes, bytes]:
    """How a link begins in the text and in the HTML: a soft break ends it, so that any token may follow."""
    soft = quoted.SOFT.encode("ascii")
    return quoted.value(beginning) + soft, quoted.value(html.escape(beginning)) + soft


def _list_unsubscribe(https: str, mailto: tuple[str, str] | None) -> Callable[[bytes], bytes]:
    before, after = mailto or ("", "")
    whole = headers.list_unsubscribe_value(f"{https}{_TOKEN}", f"{before}{_TOKEN}{after}" if mailto else "")
    around = whole.encode("ascii").split(_TOKEN.encode("ascii"))
    return lambda token: token.join(around)
