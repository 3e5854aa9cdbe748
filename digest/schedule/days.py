"""The local dates a rule names, in order. Own arithmetic: the trigger libraries miscount multiples of weeks."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from digest.schedule.rules import (
    LAST,
    BusinessDay,
    Cron,
    EveryDay,
    EveryMonth,
    EveryWeek,
    MonthDays,
    NthWeekday,
    Rule,
    Short,
)

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ORDINALS = ("", "first", "second", "third", "fourth", "fifth")
DAY = timedelta(days=1)
IsOff = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Pick:
    """A date, the one the rule named before any shift, and what is worth knowing about it."""

    day: date
    named: date
    notes: tuple[str, ...] = ()


def days(rule: Rule, first: date, last: date, is_off: IsOff) -> Iterator[Pick]:
    """Each date of `rule` from `first` to `last`, both included, ascending; `is_off` matters to business days."""
    match rule:
        case EveryDay():
            found: Iterator[Pick] = map(_plain, _every_day(rule, first, last))
        case EveryWeek():
            found = map(_plain, _every_week(rule, first, last))
        case EveryMonth():
            found = _every_month(rule, first, last, is_off)
        case Cron():
            found = map(_plain, _cron_days(rule, first, last))
    return (pick for pick in found if first <= pick.day <= last)


def _plain(day: date) -> Pick:
    return Pick(day, day)


def _every_day(rule: EveryDay, first: date, last: date) -> Iterator[date]:
    ahead = (rule.anchor - first).days % rule.every if rule.anchor else 0
    for number in range(first.toordinal() + ahead, last.toordinal() + 1, rule.every):
        yield date.fromordinal(number)


def _every_week(rule: EveryWeek, first: date, last: date) -> Iterator[date]:
    monday = first - first.weekday() * DAY
    if rule.anchor:
        anchor = rule.anchor - rule.anchor.weekday() * DAY
        monday += ((anchor - monday).days // 7 % rule.every) * 7 * DAY
    while monday <= last:
        yield from (monday + weekday * DAY for weekday in rule.weekdays)
        monday += rule.every * 7 * DAY


def _every_month(rule: EveryMonth, first: date, last: date, is_off: IsOff) -> Iterator[Pick]:
    pick = partial(_in_month, rule.pick, is_off)
    for index in range(_index(first), _index(last) + 1):
        if index not in rule.months:
            continue
        found = pick(index)
        notes = _passed_over(rule, pick, index) if found else ()
        for day, note in found.items():
            yield Pick(day, day, (*notes, *note))


def _index(day: date) -> int:
    return day.year * 12 + day.month - 1


def _in_month(pick: NthWeekday | MonthDays | BusinessDay, is_off: IsOff, index: int) -> dict[date, tuple[str, ...]]:
    """The dates in one month, ascending, with their notes."""
    year, month = index // 12, index % 12 + 1
    weekday, length = monthrange(year, month)
    match pick:
        case NthWeekday(nths, wanted):
            same = range(1 + (wanted - weekday) % 7, length + 1, 7)
            numbers = {same[LAST if nth == LAST else nth - 1] for nth in nths if nth <= len(same)}
            return {date(year, month, number): () for number in sorted(numbers)}
        case MonthDays():
            return _by_number(pick, year, month, length)
        case BusinessDay(nth):
            open_days = [day for day in _working(year, month, length) if not is_off(day)]
            wanted_at = LAST if nth == LAST else nth - 1
            return {open_days[wanted_at]: ()} if wanted_at < len(open_days) and open_days else {}


def _working(year: int, month: int, length: int) -> Iterator[date]:
    return (day for number in range(1, length + 1) if (day := date(year, month, number)).weekday() < 5)


def _by_number(pick: MonthDays, year: int, month: int, length: int) -> dict[date, tuple[str, ...]]:
    found: dict[date, tuple[str, ...]] = {}
    for number in sorted(pick.days, key=lambda number: 32 if number == LAST else number):
        if number == LAST:
            found.setdefault(date(year, month, length), ())
        elif number <= length:
            found[date(year, month, number)] = ()
        elif pick.short is Short.LAST_DAY:
            found.setdefault(date(year, month, length), (f"{MONTHS[month - 1]} has no day {number}: its last day",))
    return found


def _passed_over(rule: EveryMonth, pick: Callable[[int], dict[date, tuple[str, ...]]], index: int) -> tuple[str, ...]:
    """One note on the months just before that the rule wanted and that had no such day."""
    if isinstance(rule.pick, MonthDays) and rule.pick.short is not Short.SKIP:
        return ()
    months: list[str] = []
    before = index - 1
    while before > index - 24 and (before not in rule.months or not pick(before)):
        if before in rule.months:
            months.insert(0, f"{MONTHS[before % 12]} {before // 12}")
        before -= 1
    return (f"no such day in {', '.join(months)}",) if months else ()


def _cron_days(rule: Cron, first: date, last: date) -> Iterator[date]:
    for index in range(_index(first), _index(last) + 1):
        year, month = index // 12, index % 12 + 1
        if month not in rule.months:
            continue
        weekday, length = monthrange(year, month)
        for number in range(1, length + 1):
            tests = (number in rule.days, (weekday + number - 1) % 7 in rule.weekdays)
            if any(tests) if rule.either else all(tests):
                yield date(year, month, number)
