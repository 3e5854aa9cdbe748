"""What arrives on the wire, cut into replies."""

from __future__ import annotations

import re

_LONGEST_LINE = 8_192
_MOST_LINES = 500


ALL_WELL = re.compile(rb"(?:250 [^\n]*\n){3}354 [^\n]*\n")
"""Just a letter taken and the next one asked for, as what arrives nearly always is."""


class Replies:
    """The bytes of one session, however they are cut on their way."""

    def __init__(self) -> None:
        self.endless = False
        """Whether a reply has grown beyond all reason."""
        self._tail = b""
        self._lines = 0

    @property
    def begun(self) -> bool:
        """Whether a reply has come in part."""
        return bool(self._tail or self._lines)

    def read(self, arrived: bytes) -> list[bytes]:
        """The last line of each reply that has ended: 250-… goes on, 250 … ends one (RFC 5321, 4.2.1)."""
        lines = (self._tail + arrived).split(b"\n")
        self._tail = lines.pop()
        ends = [line for line in lines if line[3:4] != b"-" or not line[:3].isdigit()]
        self._lines = 0 if ends else self._lines + len(lines)
        self.endless = len(self._tail) > _LONGEST_LINE or self._lines > _MOST_LINES
        return ends


def code_of(line: bytes) -> int:
    """A reply's three digits; 0 where it has none."""
    return int(line[:3]) if line[:3].isdigit() and line[3:4] in b" \r" else 0


def text_of(line: bytes) -> str:
    """What a reply says behind its digits."""
    return line[4:].decode("utf-8", "replace")
