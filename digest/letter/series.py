"""A compiled letter to very many: what they have in common is coded once, a recipient costs a splice."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import datetime

from digest.letter import compile as compiled
from digest.letter import headers, quoted
from digest.letter.compile import Compiled
from digest.letter.headers import Mailbox

_TOKEN = "x" * 60


class Series:
    """One variant's messages. A link is a beginning that all share and a token: dots, digits and small letters."""

    def __init__(self, letter: Compiled, *, unsubscribe: str, manage: str, mailto: tuple[str, str] | None) -> None:
        """`mailto` stands before and after the token in the second address of List-Unsubscribe.

        LetterError for a link that no header can hold.
        """
        self._letter = letter
        self._leave, self._visit = _link(unsubscribe), _link(manage)
        self._list_unsubscribe = _list_unsubscribe(unsubscribe, mailto)

    def message(
        self, *, name: str, address: str, reason: str, leave: bytes, visit: bytes, date: datetime, message_id: bytes
    ) -> bytes:
        """One recipient's; `leave` and `visit` are the tokens that end their links, the others as in `Personal`.

        LetterError for an address that no header can hold.
        """
        text_name, html_name = compiled.filled_alike(name)
        text_address, html_address = compiled.filled(address)
        text_reason, html_reason = compiled.filled_alike(reason)
        (text_leave, html_leave), (text_visit, html_visit) = self._leave, self._visit
        return self._letter.splice(
            {
                compiled.TO: headers.mailbox_value("To", Mailbox(name, address)).encode("utf-8"),
                compiled.DATE: headers.date_value(date).encode("ascii"),
                compiled.MESSAGE_ID: message_id,
                compiled.LIST_UNSUBSCRIBE: self._list_unsubscribe(leave),
                "text.name": text_name,
                "html.name": html_name,
                "text.address": text_address,
                "html.address": html_address,
                "text.reason": text_reason,
                "html.reason": html_reason,
                "text.unsubscribe": text_leave + leave,
                "html.unsubscribe": html_leave + leave,
                "text.manage": text_visit + visit,
                "html.manage": html_visit + visit,
            }
        )


def _link(beginning: str) -> tuple[bytes, bytes]:
    """How a link begins in the text and in the HTML: a soft break ends it, so that any token may follow."""
    soft = quoted.SOFT.encode("ascii")
    return quoted.value(beginning) + soft, quoted.value(html.escape(beginning)) + soft


def _list_unsubscribe(https: str, mailto: tuple[str, str] | None) -> Callable[[bytes], bytes]:
    before, after = mailto or ("", "")
    whole = headers.list_unsubscribe_value(f"{https}{_TOKEN}", f"{before}{_TOKEN}{after}" if mailto else "")
    around = whole.encode("ascii").split(_TOKEN.encode("ascii"))
    return lambda token: token.join(around)
