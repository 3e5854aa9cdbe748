"""Plain text in lines of a width that every client shows unbroken."""

from __future__ import annotations

import re
import unicodedata

WIDTH = 72
# Screen readers spell out "-----" and "***"; one of them says as much.
_RUN = re.compile(r"([^\w\s])\1{2,}")


def wrap(text: str, width: int = WIDTH) -> str:
    """`text` in lines of at most `width` columns, its own line ends kept; an address is never broken."""
    return "\n".join("\n".join(_lines(line, width)) for line in text.strip().splitlines())


def columns(text: str) -> int:
    """The columns `text` takes in a fixed face: wide letters two, marks that sit on others none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _lines(line: str, width: int) -> list[str]:
    done, used = [""], 0
    words = map(_quiet, line.split()) if _RUN.search(line) else line.split()
    for word in words:
        for piece in (word,) if word.isascii() else _pieces(word, width, width - used - bool(used)):
            need = columns(piece)
            if used and used + 1 + need > width:
                done.append(piece)
                used = need
            else:
                done[-1] += f" {piece}" if used else piece
                used += need + bool(used)
    return done


def _quiet(word: str) -> str:
    return word if "://" in word else _RUN.sub(lambda run: "…" if run[1] == "." else run[1], word)


def _pieces(word: str, width: int, room: int) -> list[str]:
    """A word of wide letters may be broken anywhere, its first piece no wider than `room`; others stay whole."""
    if columns(word) <= width or "://" in word or columns(word) == len(word):
        return [word]
    pieces, left = [""], room if room > 1 else width
    for letter in word:
        if _columns(letter) > left:
            pieces.append("")
            left = width
        pieces[-1] += letter
        left -= _columns(letter)
    return pieces


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
