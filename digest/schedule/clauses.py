"""What may follow the time: bounds, days off, and where a slot on a day off goes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from digest.schedule.quiet import holidays_of
from digest.schedule.rules import Shift
from digest.schedule.tokens import Tokens, refused

_COUNTRY = re.compile(r"[A-Z]{2,3}(-[A-Z0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class Clauses:
    start: date | None = None
    until: date | None = None
    country: str = ""
    quiet: tuple[date, ...] = ()
    shift: Shift = Shift.BEFORE

    @property
    def days_off(self) -> bool:
        return bool(self.country or self.quiet)


def read_clauses(text: str) -> Clauses:
    """The clauses of `text`, in any order, each at most once."""
    tokens, said = Tokens(text), dict[str, str]()
    while word := tokens.take():
        if word not in ("from", "until", "holidays", "quiet", "shift"):
            raise refused(f'"{word}" makes no sense here')
        if word in said:
            raise refused(f'says "{word}" twice')
        said[word] = tokens.take()
        if not said[word]:
            raise refused(f'"{word}" what?')
    clauses = Clauses(
        start=_date(said["from"]) if "from" in said else None,
        until=_date(said["until"]) if "until" in said else None,
        country=_country(said.get("holidays", "")),
        quiet=tuple(sorted({_date(each) for each in said["quiet"].split(",")})) if "quiet" in said else (),
        shift=_shift(said.get("shift", Shift.BEFORE)),
    )
    if "shift" in said and not clauses.days_off:
        raise refused('"shift" needs "holidays" or "quiet" to shift from')
    return clauses


def _date(word: str) -> date:
    try:
        day = date.fromisoformat(word)
    except ValueError:
        raise refused(f'"{word}" is no date; write it as 2026-01-08') from None
    if not 1970 <= day.year <= 2999:
        raise refused(f"{word} is too far away")
    return day


def _country(word: str) -> str:
    name = word.upper()
    if not name:
        return ""
    try:
        if not _COUNTRY.fullmatch(name):
            raise NotImplementedError
        holidays_of(name)
    except NotImplementedError:
        raise refused(
            f'the holidays of "{name}" are not known; write a country as GB, a part of it as GB-ENG'
        ) from None
    return name


def _shift(word: str) -> Shift:
    try:
        return Shift(word)
    except ValueError:
        raise refused('after "shift" write before, after or skip') from None
