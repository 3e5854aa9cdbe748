"""From a schedule and a zone to slots: which instants it owes, and under which key each stands.

A calendar rule is keyed by the local wall time it names, so a night with two 01:30 owes one slot
(the first), and a night without 01:30 owes one too, at the first minute that exists after it.
A cron line that runs on elapsed time (`*/30 * * * *`) is keyed by UTC and follows the hours as they pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from digest.schedule.days import DAY, Pick
from digest.schedule.quiet import open_days
from digest.schedule.rules import Schedule

MARGIN = 2 * DAY
"""Local dates looked at beyond each end: offsets reach 14 hours, and whole days have been left out."""
HORIZON = 40 * 365 * DAY


@dataclass(frozen=True, slots=True)
class Slot:
    """One time that a schedule owes."""

    key: str
    """`2026-06-26T09:00`, local and before any shift; `2026-06-26T08:00Z` for a cron line that runs on."""
    local: datetime
    """The wall time to speak of, without a zone; its date labels the edition."""
    at: datetime
    """UTC."""
    notes: tuple[str, ...] = ()


def slots(schedule: Schedule, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[Slot]:
    """Each slot later than `after` and not later than `until`, ascending.

    Windows laid end to end give the same slots as the whole.
    """
    for slot in _stream(schedule, zone, after, until.astimezone(zone).date() + MARGIN):
        if slot.at > until:
            return
        yield slot


def following(schedule: Schedule, zone: ZoneInfo, after: datetime, n: int) -> tuple[Slot, ...]:
    """The next `n` slots later than `after`; fewer when the schedule ends, or beyond forty years."""
    last = min(after.astimezone(zone).date(), date.max - HORIZON - MARGIN) + HORIZON
    return tuple(islice(_stream(schedule, zone, after, last), n))


def _stream(schedule: Schedule, zone: ZoneInfo, after: datetime, last: date) -> Iterator[Slot]:
    done = after
    on = _elapsed if schedule.running else _on_the_wall
    for pick in open_days(schedule, after.astimezone(zone).date() - MARGIN, last):
        for slot in on(schedule, zone, pick):
            # Two wall times in one gap fall on the same instant: that owes one.
            if slot.at > done:
                done = slot.at
                yield slot


def _on_the_wall(schedule: Schedule, zone: ZoneInfo, pick: Pick) -> Iterator[Slot]:
    for clock in schedule.times:
        wall = datetime.combine(pick.day, clock)
        at, notes = _instant(wall, zone)
        yield Slot(f"{pick.named.isoformat()}T{clock.isoformat()[:5]}", wall, at, (*pick.notes, *notes))


def _elapsed(schedule: Schedule, zone: ZoneInfo, pick: Pick) -> Iterator[Slot]:
    walls = [datetime.combine(pick.day, clock) for clock in schedule.times]
    midnight = datetime.combine(pick.day, time(), zone)
    offset = midnight.utcoffset() or timedelta()
    if offset == (midnight + DAY).utcoffset():
        instants = [((wall - offset).replace(tzinfo=UTC), wall) for wall in walls]
    else:
        both = {(_utc(wall, zone, fold), wall) for wall in walls for fold in (0, 1)}
        instants = sorted(pair for pair in both if pair[0].astimezone(zone).replace(tzinfo=None) == pair[1])
    for at, wall in instants:
        yield Slot(f"{at.isoformat()[:16]}Z", wall, at, pick.notes)


def _instant(wall: datetime, zone: ZoneInfo) -> tuple[datetime, tuple[str, ...]]:
    """The instant a wall time means, and what to know about it when a clock change is near."""
    at, other = _utc(wall, zone, 0), _utc(wall, zone, 1)
    if at == other:
        return at, ()
    if at < other:
        return at, (f"the clocks go back and {wall:%H:%M} comes twice: it goes the first time",)
    at = _gap_ends(other, at, zone)
    shown = f"{at.astimezone(zone):%H:%M}"
    return at, (f"the clocks go forward and {wall:%H:%M} does not exist: it goes at {shown}",)


def _utc(wall: datetime, zone: ZoneInfo, fold: int) -> datetime:
    return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _gap_ends(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant between the two, to the second, at which the offset changes."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def at_midnight_of(day: date, zone: ZoneInfo) -> datetime:
    """The instant a local day begins, in UTC; for bounds given as dates."""
    return _instant(datetime.combine(day, time()), zone)[0]
