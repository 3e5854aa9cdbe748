"""What a schedule says, as values: on which days, at what time, from when until when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

LAST = -1
"""As a day or a count: the last one of the month."""


class Short(StrEnum):
    """What a day of the month does in a month that is too short for it."""

    LAST_DAY = "last day"
    SKIP = "skip"


class Shift(StrEnum):
    """Where a slot goes that falls on a day off."""

    BEFORE = "before"
    AFTER = "after"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class EveryDay:
    """Each day, or each `every`-th counted from `anchor`."""

    every: int = 1
    anchor: date | None = None


@dataclass(frozen=True, slots=True)
class EveryWeek:
    """These days (0 is Monday) of each week, or of each `every`-th from the week of `anchor`."""

    weekdays: tuple[int, ...]
    every: int = 1
    anchor: date | None = None


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """The first to fifth, or the LAST, of a weekday (0 is Monday) in a month."""

    nths: tuple[int, ...]
    weekday: int


@dataclass(frozen=True, slots=True)
class MonthDays:
    """Days of the month by number, or the LAST; `short` decides for months without that number."""

    days: tuple[int, ...]
    short: Short = Short.LAST_DAY


@dataclass(frozen=True, slots=True)
class BusinessDay:
    """The nth day of the month, or the LAST, that is neither at a weekend nor a day off."""

    nth: int


@dataclass(frozen=True, slots=True)
class Months:
    """Which months: those named (none named: all), of each `every`-th counted by year * 12 + month - 1."""

    named: tuple[int, ...] = ()
    every: int = 1
    offset: int = 0

    def __contains__(self, index: int) -> bool:
        return index % self.every == self.offset and (not self.named or index % 12 + 1 in self.named)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The months (1 to 12) that can ever come."""
        return tuple(sorted({index % 12 + 1 for index in range(12 * self.every) if index in self}))


@dataclass(frozen=True, slots=True)
class EveryMonth:
    pick: NthWeekday | MonthDays | BusinessDay
    months: Months = Months()


@dataclass(frozen=True, slots=True)
class Cron:
    """A crontab line; weekdays are Python's here, 0 is Monday, whatever the text counted from."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either: bool
    """Day of month and weekday are both restricted: one of them is enough, as crontab(5) has it."""
    running: bool
    """Its minutes or hours begin with `*`: it follows elapsed time, through a clock change, too."""


Rule = EveryDay | EveryWeek | EveryMonth | Cron


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days off: the public holidays of `country` (`GB`, `GB-ENG`; empty: none) and the `quiet` dates."""

    country: str = ""
    quiet: tuple[date, ...] = ()
    shift: Shift = Shift.BEFORE


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rule with its time and bounds; equal when it says the same, however it was typed."""

    rule: Rule
    times: tuple[time, ...]
    """Local wall times, ascending."""
    start: date | None = None
    until: date | None = None
    """Both inclusive, both before any shift."""
    calendar: Calendar = Calendar()
    text: str = field(default="", compare=False)
    """As typed."""

    @property
    def running(self) -> bool:
        """Whether it follows elapsed time rather than the calendar."""
        return isinstance(self.rule, Cron) and self.rule.running
