"""What arrives on the wire, cut into replies."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LONGEST_LINE = 8_192
_MOST_LINES = 500
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?:\s+|$)")
TAKEN = re.compile(rb"250 [^\n]*\n")
"""Just a letter taken."""
ASKED = re.compile(rb"(?:250 [^\n]*\n){2}354 [^\n]*\n")
"""Just a letter asked for."""
ALL_WELL = re.compile(rb"(?:250 [^\n]*\n){3}354 [^\n]*\n")
"""Just a letter taken and the next one asked for, as what arrives nearly always is."""


class Replies:
    """The bytes of one session, however they are cut on their way."""

    def __init__(self) -> None:
        self.endless = False
        """Whether a reply has grown beyond all reason."""
        self._tail = b""
        self._lines: list[bytes] = []

    @property
    def begun(self) -> bool:
        """Whether a reply has come in part."""
        return bool(self._tail or self._lines)

    def read(self, arrived: bytes) -> list[bytes]:
        """Each reply that has ended, in one line: 250-… goes on, 250 … ends one (RFC 5321, 4.2.1)."""
        lines = (self._tail + arrived).split(b"\n")
        self._tail = lines.pop()
        whole: list[bytes] = []
        for line in lines:
            if line[3:4] == b"-" and line[:3].isdigit():
                self._lines.append(line)
            elif self._lines:
                whole.append(_joined(self._lines, line))
                self._lines = []
            else:
                whole.append(line)
        self.endless = len(self._tail) > _LONGEST_LINE or len(self._lines) > _MOST_LINES
        return whole


def said(texts: Sequence[str]) -> str:
    """What the lines of one reply say together, their status once and in front (RFC 2034 wants it on each line)."""
    stripped = [text.strip() for text in texts]
    found = [_STATUS.match(text) for text in stripped]
    status = next((each[0] for each in found if each), "")
    return status + " ".join(text[each.end() if each else 0 :] for text, each in zip(stripped, found, strict=True))


def _joined(before: Sequence[bytes], last: bytes) -> bytes:
    if not code_of(last):
        return last
    return last[:3] + b" " + said([text_of(line) for line in (*before, last)]).encode()


def code_of(line: bytes) -> int:
    """A reply's three digits; 0 where it has none."""
    return int(line[:3]) if line[:3].isdigit() and line[3:4] in b" \r" else 0


def text_of(line: bytes) -> str:
    """What a reply says behind its digits."""
    return line[4:].decode("utf-8", "replace")
