"""Quoted-printable (RFC 2045) that no relay has to touch: 7-bit, short lines, and none that begins with a dot.

So the bytes are the same before and after dot-stuffing (RFC 5321, 4.5.2), no line can be taken for a boundary,
and mbox writers find no "From " to guard. Blanks stand single and before no line's end: "relaxed" DKIM (RFC 6376,
3.4.4) finds nothing to change either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from digest.letter.holes import Markers

SOFT = "=\r\n"
# 76 with the soft break's sign, less two for a guarded first letter and two for a guarded last one.
_WIDTH = 71
GUARDED = ".-F"
"""First letters that may have to be coded: those of a dot-stuffed line, of a boundary, of "From "."""
_ESCAPED = {n: f"={n:02X}" for n in range(256) if not 32 <= n <= 126 or n == 61}
_AGAIN = re.compile(r"(?<= ) ")
_CLEAR = re.compile(r"[ -<>-~]*")
# Nothing to guard or to encode in them; a long one is a link.
_SAFE = re.compile(r"[A-EG-Za-z0-9][ -<>-~]*")
_LONG = re.compile(r"([A-EG-Za-z0-9][!-<>-~]{70})([A-EG-Za-z0-9][!-<>-~]{0,70})")


def line(text: str) -> str:
    """One line of text, as one or more lines joined by soft breaks."""
    if (same := _untouched(text)) is not None:
        return same
    coded = text
    if not _CLEAR.fullmatch(text):
        coded = text.encode("utf-8", "replace").decode("latin-1").translate(_ESCAPED)
    if "  " in text:
        coded = _AGAIN.sub("=20", coded)
    return SOFT.join(map(_guarded, _rows(coded)))


def value(text: str) -> bytes:
    """What fills a hole: one line, whatever `text` holds, to stand between soft breaks."""
    same = _untouched(text)
    if same is None:
        same = line(text if text.isprintable() else " ".join(text.splitlines()))
    return same.encode("ascii")


def body(text: str) -> str:
    """`text` whole: lines ended by CRLF."""
    return "\r\n".join(line(each) for each in text.replace("\r\n", "\n").split("\n"))


def holed(text: str, markers: Markers, slot: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """(what stands fixed, the slot after it) in order, the last slot empty.

    A hole stands alone between soft breaks, so that whatever fills it moves nothing around it.
    """
    lead = ""
    for part, hole in markers.split(text):
        fixed = body(part)
        if hole and fixed and not fixed.endswith("\r\n"):
            fixed += SOFT
        yield lead + fixed, slot(hole) if hole else ""
        lead = SOFT


def _untouched(text: str) -> str | None:
    """`text` where it needs no more than one break in its middle, which most lines and links do not."""
    if len(text) <= _WIDTH:
        return text if _SAFE.fullmatch(text) and text[-1] != " " and "  " not in text else None
    link = _LONG.fullmatch(text)
    return SOFT.join(link.groups()) if link else None


def _rows(coded: str) -> list[str]:
    if "=" not in coded:
        return [coded[at : at + _WIDTH] for at in range(0, len(coded), _WIDTH)] or [""]
    rows, at = [], 0
    while len(coded) - at > _WIDTH:
        stop = at + _WIDTH
        mark = coded.rfind("=", stop - 2, stop)  # never inside an "=XX"
        stop = stop if mark < 0 else mark
        rows.append(coded[at:stop])
        at = stop
    return [*rows, coded[at:]]


def _guarded(row: str) -> str:
    if row.startswith((".", "-", "From ")):
        row = f"={ord(row[0]):02X}{row[1:]}"
    if row.endswith(" "):
        row = f"{row[:-1]}=20"
    return row
