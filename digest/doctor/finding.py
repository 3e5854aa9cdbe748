"""What a check-up found: how grave it is, what it is about, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    FINE = "ok"
    MIND = "mind"
    """It works, and could be better."""
    WRONG = "wrong"
    UNCHECKED = "not checked"
    """Nobody could be asked, or nothing is there to look at yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A DNS record to publish as TXT."""

    name: str
    text: str

    @property
    def line(self) -> str:
        """As a zone file has it: strings of 255 octets at most (RFC 1035, 3.3)."""
        text = self.text.replace("\\", "\\\\").replace('"', '\\"')
        strings = " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))
        return f"{self.name}. IN TXT {strings}"


@dataclass(frozen=True, slots=True)
class Finding:
    verdict: Verdict
    what: str
    words: str
    mend: str = ""
    record: Record | None = None
    """What would mend it, or what is to be there."""

    def json(self) -> dict[str, object]:
        return {
            "verdict": self.verdict.value,
            "what": self.what,
            "words": self.words,
            "mend": self.mend,
            "record": self.record.line if self.record else None,
        }


def fine(what: str, words: str, *, record: Record | None = None) -> Finding:
    return Finding(Verdict.FINE, what, words, record=record)


def mind(what: str, words: str, mend: str = "") -> Finding:
    return Finding(Verdict.MIND, what, words, mend)


def wrong(what: str, words: str, mend: str = "", *, record: Record | None = None) -> Finding:
    return Finding(Verdict.WRONG, what, words, mend, record)


def unchecked(what: str, words: str, *, record: Record | None = None) -> Finding:
    return Finding(Verdict.UNCHECKED, what, words, record=record)
