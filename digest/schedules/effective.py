"""Which schedule counts for a digest: the tuned one if there is one, else the declared."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from digest.errors import ScheduleError
from digest.schedule import Schedule, Slot, following, parse, slots
from digest.settings import Digest
from digest.store.schedules import Standing

_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def effective(digest: Digest, standing: Standing | None) -> Schedule:
    """What counts now. A tuned text that this version cannot read any more gives way to the declared one."""
    if standing and standing.tuned:
        try:
            return parse(standing.tuned)
        except ScheduleError:
            pass
    return parse(digest.schedule)


def since_last_look(digest: Digest, standing: Standing, now: datetime) -> tuple[Slot, ...]:
    """The slots in (looked_at, now]; costs next to nothing while there are none."""
    schedule, zone = effective(digest, standing), digest.zone
    first = _first_after(schedule.text, zone.key, standing.looked_at)
    if first is None or first > now:
        return ()
    return tuple(slots(schedule, zone, standing.looked_at, now))


@lru_cache(maxsize=8192)
def _first_after(text: str, zone: str, moment: datetime) -> datetime | None:
    found = following(parse(text), ZoneInfo(zone), moment, 1)
    return found[0].at if found else None


def start_line(digest: Digest, standing: Standing, now: datetime) -> datetime | None:
    """Where to look from once the declaration is taken over; None when it says what it said.

    A change never fires backwards, and one that changes nothing in effect forgets nothing.
    """
    same_zone = standing.timezone == digest.zone.key
    if standing.declared == digest.schedule and same_zone:
        return None
    unchanged = same_zone and (bool(standing.tuned) or _same(standing.declared, digest.schedule))
    # Also where drafts were made ahead of their time: those are known by their slots' keys.
    return standing.looked_at if unchanged else now


def leaves_time(digest: Digest, schedule: Schedule) -> bool:
    """Whether each draft's time comes before the next is made, which would take it in."""
    times = [slot.at for slot in following(schedule, digest.zone, _SOME_DAY, 14)]
    return all(later - sooner > digest.ahead for sooner, later in pairwise(times))


def _same(one: str, other: str) -> bool:
    try:
        return parse(one) == parse(other)
    except ScheduleError:
        return False
