"""A letter for those who want text only: one part, with the same holes and headers as the whole one."""

from __future__ import annotations

from digest.letter import headers, quoted
from digest.letter.compile import DATE, LIST_UNSUBSCRIBE, MESSAGE_ID, TO, Compiled
from digest.letter.headers import Heading
from digest.letter.holes import Letter

_OPENING = (
    "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
)


def compile_plain(letter: Letter, heading: Heading) -> Compiled:
    """`letter` without its HTML, as the messages of a mailing will be, but for what its recipients differ in."""
    fixed = [f"{headers.mailing_head(heading, letter.subject)}To: ", "\r\nDate: ", "\r\nMessage-ID: "]
    fixed.append("\r\nList-Unsubscribe: ")
    slots = [TO, DATE, MESSAGE_ID, LIST_UNSUBSCRIBE]
    opening = _OPENING
    for text, slot in quoted.holed(letter.text, letter.markers, "text.{}".format):
        fixed.append(opening + text)
        slots += [slot] if slot else []
        opening = ""
    return Compiled(fixed=tuple(part.encode("ascii") for part in fixed), slots=tuple(slots))
