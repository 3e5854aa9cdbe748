"""Days off: public holidays and quiet dates, and where a slot goes that falls on one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from heapq import heappop, heappush
from typing import cast

from digest.schedule.days import DAY, Pick, days
from digest.schedule.rules import Calendar, Schedule, Shift

REACH = timedelta(days=14)
"""How far a slot may be shifted; no country rests longer than this."""


def why_off(calendar: Calendar, day: date) -> str:
    """The holiday's name, "a quiet date", or empty on an ordinary day."""
    if day in calendar.quiet:
        return "a quiet date"
    return holidays_of(calendar.country).get(day) or "" if calendar.country else ""


@cache
def holidays_of(country: str) -> Mapping[date, str]:
    """The public holidays of `GB` or `GB-ENG`, any year; NotImplementedError for one nobody has listed."""
    import holidays

    name, _, part = country.partition("-")
    return cast("Mapping[date, str]", holidays.country_holidays(name, subdiv=part or None))


def open_days(schedule: Schedule, first: date, last: date) -> Iterator[Pick]:
    """Each date the schedule goes on from `first` to `last`, both included, ascending, shifts done."""
    calendar = schedule.calendar
    begin = max(first - REACH, schedule.start or first - REACH)
    end = min(last + REACH, schedule.until or last + REACH)
    if not calendar.country and not calendar.quiet:
        return days(schedule.rule, max(first, begin), min(last, end), lambda _: False)
    picks = days(schedule.rule, begin, end, lambda day: bool(why_off(calendar, day)))
    shifted = (moved for pick in picks if (moved := _shifted(calendar, pick)))
    return (pick for pick in _in_order(shifted) if first <= pick.day <= last)


def _shifted(calendar: Calendar, pick: Pick) -> Pick | None:
    """The pick on a working day; weekends count as such only for what falls on a weekend anyway."""
    why = why_off(calendar, pick.day)
    if not why:
        return pick
    if calendar.shift is Shift.SKIP:
        return None
    step = -DAY if calendar.shift is Shift.BEFORE else DAY
    day = pick.day + step
    while why_off(calendar, day) or (day.weekday() > 4 and pick.day.weekday() < 5):
        day += step
        if abs(day - pick.day) > REACH:
            return None
    note = f"{pick.named.isoformat()} is {why}: moved to {day.isoformat()}"
    return Pick(day, pick.named, (*pick.notes, note))


def _in_order(picks: Iterator[Pick]) -> Iterator[Pick]:
    """The same, ascending, one a day: a shift may carry a slot past its neighbour, or onto it."""
    waiting: list[tuple[date, bool, date, Pick]] = []
    done = date.min
    for pick in picks:
        while waiting and waiting[0][0] < pick.named - REACH:
            ready = heappop(waiting)[-1]
            if ready.day > done:
                yield ready
            done = max(done, ready.day)
        heappush(waiting, (pick.day, pick.day != pick.named, pick.named, pick))
    while waiting:
        ready = heappop(waiting)[-1]
        if ready.day > done:
            yield ready
        done = max(done, ready.day)
