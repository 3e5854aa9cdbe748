"""The part of the language that names days of a month."""

from __future__ import annotations

import re

from digest.schedule.days import MONTHS, WEEKDAYS
from digest.schedule.rules import LAST, BusinessDay, MonthDays, Months, NthWeekday, Short
from digest.schedule.tokens import Tokens, months, refused, weekdays

_WORDS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": LAST}
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SURE_BUSINESS_DAYS = 15


def take_month_rule(tokens: Tokens) -> NthWeekday | MonthDays | BusinessDay:
    """`day 15`, `day 31 or skip`, `last day`, `first business day`, `1st tue`, `1st,3rd mon`."""
    if tokens.accept("day"):
        return _by_number(tokens)
    counted = tokens.take()
    nths = tuple(_nth(word) for word in counted.split(","))
    if tokens.accept("business", "day"):
        return _business_day(nths)
    if tokens.accept("day"):
        if nths != (LAST,):
            raise refused(f'for the {counted} day of the month write "day {nths[0]}"')
        return MonthDays(nths)
    if not tokens.peek():
        raise refused(f'"{counted}" of what? name a weekday, "day" or "business day"')
    days = weekdays(tokens.take())
    if len(days) != 1:
        raise refused("name one weekday after a count")
    for nth in nths:
        if nth > 5:
            raise refused(f"no month has a {nth}th {WEEKDAYS[days[0]]}")
    return NthWeekday(nths, days[0])


def resolve_months(tokens: Tokens) -> tuple[int, ...]:
    """The months after `of` or `in`; none are named by `of each month`."""
    if not (tokens.accept("of") or tokens.accept("in")):
        return ()
    if any(tokens.accept(filler, "month") for filler in ("each", "every", "the")):
        return ()
    return months(tokens.take())


def refuse_impossible_days(rule: NthWeekday | MonthDays | BusinessDay, wanted: Months) -> None:
    """`day 30 of feb` is a slip, also where short months have a rule."""
    if not isinstance(rule, MonthDays):
        return
    longest = max((_LONGEST[month - 1] for month in wanted.numbers), default=0)
    for day in rule.days:
        if longest and day > longest:
            names = " and ".join(MONTHS[month - 1] for month in wanted.numbers)
            raise refused(f'there is never a day {day} in {names}; perhaps you mean "last day"')


def _by_number(tokens: Tokens) -> MonthDays:
    words = tokens.take().split(",")
    for word in words:
        if not (word.isascii() and word.isdecimal() and 1 <= int(word) <= 31):
            raise refused(f'"{word}" is no day of the month; they run from 1 to 31')
    short = Short.LAST_DAY
    if tokens.accept("or", "skip"):
        short = Short.SKIP
    elif tokens.accept("or") and not tokens.accept("last", "day"):
        raise refused('after "or" write "last day" or "skip"')
    days = tuple(sorted({int(word) for word in words}))
    # Days that every month has need no choice, and schedules that say the same are equal.
    return MonthDays(days, short if days[-1] > 28 else Short.LAST_DAY)


def _business_day(nths: tuple[int, ...]) -> BusinessDay:
    if len(nths) != 1:
        raise refused("name one business day")
    if nths[0] > _SURE_BUSINESS_DAYS:
        raise refused(f"count business days up to {_SURE_BUSINESS_DAYS}: not every month has more")
    return BusinessDay(nths[0])


def _nth(word: str) -> int:
    found = _ORDINAL.fullmatch(word)
    nth = int(found[1]) if found else _WORDS.get(word, 0)
    if not nth:
        raise refused(f'"{word}" is no day; write "daily", "mon", "last fri", "day 15", "first business day", …')
    return nth
