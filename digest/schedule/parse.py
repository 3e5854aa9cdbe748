"""The small language: `last fri 09:00`, `every 2 weeks on thu 10:00 from 2026-01-08`, `cron "0 9 * * 1"`.

    WHEN [at] HH:MM [from DATE] [until DATE] [holidays COUNTRY] [quiet DATE,…] [shift before|after|skip]

WHEN is `daily`, weekdays (`mon`, `mon,thu`, `mon-fri`), `every N days`, `every N weeks on WEEKDAYS`, or
a day of the month: `1st tue`, `last fri`, `1st,3rd mon`, `day 15`, `day 31 or skip`, `last day`,
`first business day`, `last business day`; each of these also `of jun,dec`, after `quarterly on`, or
after `every N months on`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from digest.errors import ScheduleError
from digest.schedule.clauses import Clauses, read_clauses
from digest.schedule.cron import parse_cron
from digest.schedule.days import DAY
from digest.schedule.month import refuse_impossible_days, resolve_months, take_month_rule
from digest.schedule.quiet import REACH
from digest.schedule.rules import Calendar, EveryDay, EveryMonth, EveryWeek, Months, Rule, Schedule
from digest.schedule.times import following
from digest.schedule.tokens import Tokens, refused, weekdays

_CRON = re.compile(r"""cron\s+["'“”](?P<line>[^"'“”]*)["'“”]\s*(?P<rest>.*)""", re.I | re.S)
_CLAUSE = re.compile(r"\b(?:from|until|holidays|quiet|shift)\b", re.I)
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_SOME_DAY = date(2032, 1, 1)
_LONGEST = 500


@lru_cache(maxsize=4096)
def parse(text: str) -> Schedule:
    """What `text` says; ScheduleError, about the text, says why it cannot be."""
    try:
        schedule = _parse(text)
        _refuse_never(schedule)
    except ScheduleError as error:
        raise ScheduleError(error.message, about=text) from error
    return schedule


def _parse(text: str) -> Schedule:
    if len(text) > _LONGEST:
        raise refused("is too long")
    if found := _CRON.fullmatch(text.strip()):
        cron, times = parse_cron(found["line"])
        return _schedule(cron, times, read_clauses(found["rest"]), text)
    found = _CLAUSE.search(text)
    head, rest = (text[: found.start()], text[found.start() :]) if found else (text, "")
    clauses = read_clauses(rest)
    tokens = Tokens(head)
    if tokens.peek() == "cron":
        raise refused('write the crontab line in quotes: cron "0 9 * * 1"')
    clock = _take_time(tokens)
    rule = _rule(tokens, clauses)
    if tokens.peek():
        raise refused(f'"{tokens.rest()}" makes no sense here')
    return _schedule(rule, (clock,), clauses, text)


def _schedule(rule: Rule, times: tuple[time, ...], clauses: Clauses, text: str) -> Schedule:
    calendar = Calendar(clauses.country, clauses.quiet, clauses.shift) if clauses.days_off else Calendar()
    return Schedule(rule, times, clauses.start, clauses.until, calendar, " ".join(text.split()))


def _take_time(tokens: Tokens) -> time:
    """The time at the end, with or without `at`."""
    last = tokens.pop()
    found = _TIME.fullmatch(last)
    if not found:
        raise refused('says no time; end it with one on the 24-hour clock, such as "09:00"')
    if tokens.last() == "at":
        tokens.pop()
    hour, minute = int(found[1]), int(found[2])
    if hour > 23 or minute > 59:
        raise refused(f"{last} is no time of day; hours run from 00 to 23, minutes from 00 to 59")
    return time(hour, minute)


def _rule(tokens: Tokens, clauses: Clauses) -> Rule:
    if not tokens.peek():
        raise refused('says no day; write "daily", "mon", "last fri", "day 15", …')
    if tokens.accept("daily") or tokens.accept("every", "day"):
        return EveryDay()
    if tokens.accept("quarterly", "on"):
        return _in_months(tokens, 3, clauses.start or date(2000, 3, 1))
    if tokens.accept("monthly", "on") or tokens.accept("every", "month", "on"):
        return _in_months(tokens, 1, None)
    if tokens.accept("weekly", "on") or tokens.accept("every", "week", "on"):
        return EveryWeek(weekdays(tokens.take()))
    if tokens.peek() == "every" and tokens.peek(1).isdecimal():
        return _every_so_many(tokens, clauses)
    tokens.accept("every")
    if (days := weekdays(tokens.peek(), strict=False)) and not tokens.peek(1):
        tokens.take()
        return EveryWeek(days)
    return _in_months(tokens, 1, None)


def _every_so_many(tokens: Tokens, clauses: Clauses) -> Rule:
    tokens.take()
    number, unit = tokens.take(), tokens.take().removesuffix("s")
    count = int(number)
    if not 1 <= count <= 366:
        raise refused(f"every {number} {unit}s is not possible")
    anchor = clauses.start if count > 1 else None
    if count > 1 and not anchor:
        raise refused(f'"every {count} {unit}s" needs a date to count from, such as "from 2026-01-08"')
    if unit == "day":
        return EveryDay(count, anchor)
    if unit not in ("week", "month"):
        raise refused(f'"{unit}" is no day, week or month')
    if not tokens.accept("on"):
        raise refused(f'"every {count} {unit}s" needs "on" and a day')
    if unit == "week":
        return EveryWeek(weekdays(tokens.take()), count, anchor)
    return _in_months(tokens, count, anchor)


def _in_months(tokens: Tokens, every: int, anchor: date | None) -> EveryMonth:
    rule = take_month_rule(tokens)
    offset = (anchor.year * 12 + anchor.month - 1) % every if anchor else 0
    months = Months(resolve_months(tokens), every, offset)
    refuse_impossible_days(rule, months)
    return EveryMonth(rule, months)


def _refuse_never(schedule: Schedule) -> None:
    if schedule.start and schedule.until and schedule.until < schedule.start:
        raise refused("ends before it begins")
    if not following(schedule, ZoneInfo("UTC"), _just_before(schedule), 1):
        bounded = schedule.start or schedule.until
        raise refused("never comes: there is no such day" + (" in that time" if bounded else ""))


def _just_before(schedule: Schedule) -> datetime:
    if schedule.start:
        return datetime.combine(schedule.start, time(), UTC) - REACH - DAY
    # Any nine years have a 29 February.
    return datetime.combine(schedule.until or _SOME_DAY, time(), UTC) - 9 * 366 * DAY
