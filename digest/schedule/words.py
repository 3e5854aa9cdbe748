"""A schedule as one sentence: "On the last Friday of each month at 09:00, London time"."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from digest.schedule.days import MONTHS, ORDINALS, WEEKDAYS
from digest.schedule.rules import (
    LAST,
    BusinessDay,
    Cron,
    EveryDay,
    EveryMonth,
    EveryWeek,
    MonthDays,
    Months,
    NthWeekday,
    Rule,
    Schedule,
    Shift,
    Short,
)

_SHIFTS = {
    Shift.BEFORE: "moved to the working day before",
    Shift.AFTER: "moved to the working day after",
    Shift.SKIP: "left out",
}
_FEW = 4
"""Up to so many times of day are listed one by one."""


def sentence(schedule: Schedule, zone: ZoneInfo | None = None) -> str:
    """All that the schedule says, in English, with the zone it is said for."""
    where = [place(zone)] if zone else []
    return ", ".join([words(schedule), *where, *_bounds(schedule), *_days_off(schedule)])


def words(schedule: Schedule) -> str:
    """On which days and at what time, without zone and bounds."""
    rule = schedule.rule
    if isinstance(rule, Cron) and len(schedule.times) > _FEW:
        return f"{_days(rule)} {_many_times(rule)}"
    return f"{_days(rule)} at {_and(f'{clock:%H:%M}' for clock in schedule.times)}"


def place(zone: ZoneInfo) -> str:
    """ "London time" for Europe/London, "UTC" for UTC."""
    key = zone.key
    if "/" not in key or key.startswith("Etc/"):
        return key.removeprefix("Etc/")
    return key.rpartition("/")[2].replace("_", " ") + " time"


def on_day(day: date) -> str:
    """8 January 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _days(rule: Rule) -> str:
    match rule:
        case EveryDay(every):
            return "Every day" if every == 1 else f"Every {every} days"
        case EveryWeek(weekdays, every):
            if every > 1:
                return f"Every {every} weeks on {_and(WEEKDAYS[number] for number in weekdays)}"
            return f"Every {_weekdays(weekdays)}" if len(weekdays) < 7 else "Every day"
        case EveryMonth(pick, months):
            return f"On {_pick(pick)} of {_months(months)}{_short(pick)}"
        case Cron():
            return _cron_days(rule)


def _pick(pick: NthWeekday | MonthDays | BusinessDay) -> str:
    match pick:
        case NthWeekday(nths, weekday):
            return f"the {_and(_nth(nth) for nth in nths)} {WEEKDAYS[weekday]}"
        case MonthDays(days) if days == (LAST,):
            return "the last day"
        case MonthDays(days):
            return f"day {_and(map(str, days))}"
        case BusinessDay(nth):
            return f"the {_nth(nth)} business day"


def _short(pick: NthWeekday | MonthDays | BusinessDay) -> str:
    """What happens in a month without such a day."""
    match pick:
        case NthWeekday(nths) if 5 in nths:
            return " that has one" if nths == (5,) else " that has them"
        case MonthDays(days, Short.SKIP) if days[-1] > 28:
            return " that has one"
        case MonthDays(days) if days[-1] > 28:
            return " (its last day where it is shorter)"
        case _:
            return ""


def _nth(nth: int) -> str:
    if nth == LAST:
        return "last"
    return ORDINALS[nth] if nth < len(ORDINALS) else f"{nth}th"


def _months(months: Months) -> str:
    if months.every == 1 and not months.named:
        return "each month"
    if months.every > 1 and 12 % months.every:
        return f"every {months.every}th month" if months.every > 3 else f"every {ORDINALS[months.every]} month"
    return _and(MONTHS[number - 1] for number in months.numbers)


def _cron_days(rule: Cron) -> str:
    month = "each month" if len(rule.months) == 12 else _and(MONTHS[number - 1] for number in rule.months)
    by_number = f"day {_and(map(str, rule.days))} of {month}"
    every = f"every {_weekdays(rule.weekdays)}" if len(rule.weekdays) < 7 else "every day"
    within = "" if len(rule.months) == 12 else f" in {month}"
    if rule.either:
        return f"On {by_number} and {every}{within}"
    if len(rule.days) == 31:
        return f"{every[0].upper()}{every[1:]}{within}"
    if len(rule.weekdays) == 7:
        return f"On {by_number}"
    return f"On {by_number} where that is a {_weekdays(rule.weekdays, 'or')}"


def _many_times(rule: Cron) -> str:
    minutes = "each minute" if len(rule.minutes) == 60 else f"minute {_and(f'{each:02}' for each in rule.minutes)}"
    hours = [f"{hour:02}" for hour in rule.hours]
    if len(hours) == 24:
        return f"at {minutes} of each hour"
    if len(hours) > 2 and _is_run(rule.hours):
        return f"at {minutes} of each hour from {hours[0]} to {hours[-1]}"
    return f"at {minutes} of hour {_and(hours)}"


def _weekdays(numbers: tuple[int, ...], word: str = "and") -> str:
    if len(numbers) > 2 and _is_run(numbers) and word == "and":
        return f"day from {WEEKDAYS[numbers[0]]} to {WEEKDAYS[numbers[-1]]}"
    return _and((WEEKDAYS[number] for number in numbers), word)


def _is_run(numbers: tuple[int, ...]) -> bool:
    return numbers == tuple(range(numbers[0], numbers[-1] + 1))


def _bounds(schedule: Schedule) -> list[str]:
    found = [f"from {on_day(schedule.start)}"] if schedule.start else []
    return [*found, f"until {on_day(schedule.until)}"] if schedule.until else found


def _days_off(schedule: Schedule) -> list[str]:
    calendar = schedule.calendar
    kinds = [f"public holidays of {calendar.country}"] if calendar.country else []
    if calendar.quiet:
        kinds.append(_and(map(on_day, calendar.quiet)))
    if not kinds:
        return []
    if isinstance(schedule.rule, EveryMonth) and isinstance(schedule.rule.pick, BusinessDay):
        return [f"{_and(kinds)} not counted as business days"]
    return [f"{_and(kinds)} {_SHIFTS[calendar.shift]}"]


def _and(parts: Iterable[str], word: str = "and") -> str:
    *most, last = parts
    return f"{', '.join(most)} {word} {last}" if most else last
