"""A letter compiled once for a mailing: bytes with holes, so that a recipient costs a splice and a join."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from hashlib import blake2b

from digest.letter import headers, quoted
from digest.letter.headers import Heading, Mailbox
from digest.letter.holes import Letter, Personal

TO, DATE, MESSAGE_ID, LIST_UNSUBSCRIBE = "to", "date", "message_id", "list_unsubscribe"
_UNIQUE = frozenset({"address", "unsubscribe", "manage"})  # nobody else's: to remember them costs more than it saves
# What neither coding touches: no guarded first letter, no sign of markup or of quoted-printable, blanks single.
_EVERYDAY = re.compile(r"(?=.{1,71}\Z)[A-EG-Za-z0-9][!#-%(-;?-~]*(?: [!#-%(-;?-~]+)*")
_MARKUP = re.compile("[&<>\"']")
_HEAD_SLOTS = (TO, DATE, MESSAGE_ID, LIST_UNSUBSCRIBE)
# Beyond any real name, address or link, quoted and encoded.
_HEAD_ROOM = 12_000
_BODY_ROOM = 2500
_NAME_ROOM = 14_000


@dataclass(frozen=True)
class Compiled:
    """Fixed bytes and the slots between them: `fixed[n]` stands before `slots[n]`, and one more at the end.

    CRLF throughout, 7-bit but for an address that needs SMTPUTF8, no line begins with a dot: as sent is as stored.
    A slot is a header's (`to`, `date`, `message_id`, `list_unsubscribe`) or `text.HOLE` or `html.HOLE`.
    """

    fixed: tuple[bytes, ...]
    slots: tuple[str, ...]

    def splice(self, values: Mapping[str, bytes]) -> bytes:
        """The whole message for one recipient; `values` as `values_of` encodes them, one for every slot."""
        pieces = self._frame.copy()
        pieces[1::2] = [values[slot] for slot in self.slots]
        return b"".join(pieces)

    def personalise(self, personal: Personal) -> bytes:
        """The whole message for `personal`."""
        return self.splice(self.values_of(personal))

    def values_of(self, personal: Personal) -> dict[str, bytes]:
        """The bytes for each slot; LetterError for an address or a link that no header can hold."""
        values = _head_values(personal)
        for hole, in_text, in_html in self._holes:
            said = getattr(personal, hole)
            values[in_text], values[in_html] = (filled if hole in _UNIQUE else filled_alike)(said)
        return values

    @property
    def size(self) -> int:
        """Octets that no recipient's message exceeds, to be held against a relay's SIZE."""
        holes = [slot.partition(".")[2] for slot in self.slots if slot not in _HEAD_SLOTS]
        room = sum(_NAME_ROOM if hole == "name" else _BODY_ROOM for hole in holes)
        return sum(map(len, self.fixed)) + _HEAD_ROOM + room

    @cached_property
    def _frame(self) -> list[bytes]:
        frame = [b""] * (len(self.fixed) + len(self.slots))
        frame[::2] = self.fixed
        return frame

    @cached_property
    def _holes(self) -> tuple[tuple[str, str, str], ...]:
        """Those of the bodies, each with its slots in the text and in the HTML."""
        names = dict.fromkeys(slot.partition(".")[2] for slot in self.slots if slot not in _HEAD_SLOTS)
        return tuple((name, f"text.{name}", f"html.{name}") for name in names)


def compile_letter(letter: Letter, heading: Heading) -> Compiled:
    """`letter` as the messages of a mailing will be, but for what its recipients differ in."""
    boundary = _boundary(letter.html, letter.text, letter.markers.token)
    return _joined(
        [
            (f"{headers.mailing_head(heading, letter.subject)}To: ", TO),
            ("\r\nDate: ", DATE),
            ("\r\nMessage-ID: ", MESSAGE_ID),
            ("\r\nList-Unsubscribe: ", LIST_UNSUBSCRIBE),
            (f"\r\n{_opening(boundary)}{_part(boundary, 'plain')}", ""),
            *quoted.holed(letter.text, letter.markers, "text.{}".format),
            (f"\r\n{_part(boundary, 'html')}", ""),
            *quoted.holed(letter.html, letter.markers, "html.{}".format),
            (f"\r\n--{boundary}--\r\n", ""),
        ]
    )


def note_message(
    *,
    sender: Mailbox,
    to: Mailbox,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    date: datetime,
    reply_to: str = "",
) -> bytes:
    """The whole message of a note: one letter to one person, with no list about it."""
    boundary = _boundary(html, text, message_id)
    message = (
        f"{headers.note_head(sender, subject, reply_to)}To: {headers.mailbox_value('To', to)}\r\n"
        f"Date: {headers.date_value(date)}\r\nMessage-ID: {message_id}\r\n{_opening(boundary)}"
        f"{_part(boundary, 'plain')}{quoted.body(text)}\r\n"
        f"{_part(boundary, 'html')}{quoted.body(html)}\r\n--{boundary}--\r\n"
    )
    return message.encode("utf-8")


def filled(text: str) -> tuple[bytes, bytes]:
    """What fills a hole of the text, and of the HTML; mostly the same."""
    if _EVERYDAY.fullmatch(text):
        same = text.encode("ascii")
        return same, same
    plain = quoted.value(text)
    return plain, quoted.value(html.escape(text)) if _MARKUP.search(text) else plain


filled_alike = lru_cache(maxsize=4096)(filled)
"""For what recipients share."""


def _head_values(personal: Personal) -> dict[str, bytes]:
    to = headers.mailbox_value("To", Mailbox(personal.name, personal.address))
    return {
        TO: to.encode("utf-8"),
        DATE: headers.date_value(personal.date).encode("ascii"),
        MESSAGE_ID: personal.message_id.encode("ascii"),
        LIST_UNSUBSCRIBE: headers.list_unsubscribe_value(personal.unsubscribe, personal.mailto).encode("ascii"),
    }


def _joined(pieces: list[tuple[str, str]]) -> Compiled:
    fixed, slots, run = [], [], ""
    for text, slot in pieces:
        run += text
        if slot:
            fixed.append(run.encode("ascii"))
            slots.append(slot)
            run = ""
    return Compiled(fixed=(*fixed, run.encode("ascii")), slots=tuple(slots))


def _boundary(*parts: str) -> str:
    """The same for the same letter, and nothing that quoted-printable could ever contain."""
    return "=_" + blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=15).hexdigest()


def _opening(boundary: str) -> str:
    return f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'


def _part(boundary: str, kind: str) -> str:
    coding = "Content-Transfer-Encoding: quoted-printable"
    return f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n{coding}\r\n\r\n"
