"""Words of the small language, one after another, and the names of days and months."""

from __future__ import annotations

import re

from digest.errors import ScheduleError
from digest.schedule.days import MONTHS, WEEKDAYS


def refused(why: str) -> ScheduleError:
    """An error that `parse` completes with the whole expression."""
    return ScheduleError(why)


class Tokens:
    """A cursor over lower-case words; a list written with commas is one word."""

    def __init__(self, text: str) -> None:
        self._words = re.sub(r"\s*([,-])\s*", r"\1", text.lower()).split()

    def peek(self, ahead: int = 0) -> str:
        """The word to come, or empty."""
        return self._words[ahead] if ahead < len(self._words) else ""

    def last(self) -> str:
        return self._words[-1] if self._words else ""

    def rest(self) -> str:
        return " ".join(self._words)

    def take(self) -> str:
        return self._words.pop(0) if self._words else ""

    def pop(self) -> str:
        return self._words.pop() if self._words else ""

    def accept(self, *words: str) -> bool:
        """Take these words if they are the next ones."""
        if tuple(self._words[: len(words)]) != words:
            return False
        del self._words[: len(words)]
        return True


def weekdays(word: str, *, strict: bool = True) -> tuple[int, ...]:
    """0 (Monday) to 6 of `fri`, `mon,thu`, `mon-fri` or `weekdays`; () for other words unless `strict`."""
    if word in ("weekdays", "weekday"):
        return (0, 1, 2, 3, 4)
    found: set[int] = set()
    for part in word.split(","):
        first, dash, last = part.partition("-")
        low, high = _named(first, WEEKDAYS), _named(last if dash else first, WEEKDAYS)
        if low is None or high is None:
            if strict:
                raise refused(f'"{part}" is no day of the week; write mon, tue, wed, thu, fri, sat or sun')
            return ()
        found |= {(low + step) % 7 for step in range((high - low) % 7 + 1)}
    return tuple(sorted(found))


def months(word: str) -> tuple[int, ...]:
    """1 to 12 of `jun` or `jun,dec`."""
    found = {part: _named(part, MONTHS) for part in word.split(",")}
    for part, number in found.items():
        if number is None:
            raise refused(f'"{part}" is no month; write jan, feb, mar and so on')
    return tuple(sorted({number + 1 for number in found.values() if number is not None}))


def _named(word: str, names: tuple[str, ...]) -> int | None:
    """Which of `names` a word is: whole, by three letters or more, singular or plural."""
    for number, name in enumerate(names):
        lower = name.lower()
        if len(word) >= 3 and (lower.startswith(word) or word == lower + "s"):
            return number
    return None
