"""What an operator sees of schedules: where each stands, and when the next editions come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from digest.errors import NotFound
from digest.schedule import Slot, following, sentence
from digest.schedules.effective import effective
from digest.schedules.policy import is_paused, pause_lasts
from digest.settings import Digest, Settings
from digest.store import schedules
from digest.store.database import Store
from digest.store.schedules import GivenUp, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class FireTime:
    """A time to come. `local` bears the digest's zone; `goes` is False where it brings no edition, and its note why."""

    key: str
    local: datetime
    utc: datetime
    goes: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLine:
    """Where one digest's schedule stands."""

    digest: str
    schedule: str
    """What counts: tuned, or else declared."""
    declared: str
    tuned: bool
    tuned_by: str
    tuned_why: str
    words: str
    timezone: str
    missed: str
    revision: int
    paused: bool
    paused_until: datetime | None
    skip_next: int
    next: FireTime | None
    """The next time that goes; None when none does."""


async def upcoming(
    store: Store, settings: Settings, digest: str, *, now: datetime, n: int = 12
) -> tuple[FireTime, ...]:
    """The next `n` times of a digest, tuning, pauses and left-out slots heeded; NotFound for an unknown slug."""
    if digest not in settings.digests:
        raise NotFound("no such digest", about=digest)
    async with store.read() as tx:
        standing = await schedules.get(tx, digest)
        given_up = await schedules.given_up(tx, now)
    return _fire_times(settings.digests[digest], standing, given_up, now, n)


async def listed(store: Store, settings: Settings, *, now: datetime) -> tuple[ScheduleLine, ...]:
    """Every declared digest's schedule, by slug."""
    async with store.read() as tx:
        known = {standing.digest: standing for standing in await schedules.listed(tx)}
        given_up = await schedules.given_up(tx, now)
    return tuple(_line(settings.digests[slug], known.get(slug), given_up, now) for slug in sorted(settings.digests))


def _fire_times(
    digest: Digest, standing: Standing | None, given_up: GivenUp, now: datetime, n: int
) -> tuple[FireTime, ...]:
    """The next `n` times after `now`, those included that will not go, and those whose draft is made already."""
    times: list[FireTime] = []
    skips = standing.skip_next if standing else 0
    for slot in following(effective(digest, standing), digest.zone, now, n):
        if why := given_up.get((digest.slug, slot.key)):
            times.append(_fire_time(digest, slot, why, goes=False))
        elif standing and slot.at <= standing.looked_at:
            times.append(_fire_time(digest, slot, "its draft is made"))
        elif standing and is_paused(standing, slot):
            times.append(_fire_time(digest, slot, "paused", goes=False))
        elif skips:
            times.append(_fire_time(digest, slot, "left out by an operator", goes=False))
            skips -= 1
        else:
            times.append(_fire_time(digest, slot))
    return tuple(times)


def _fire_time(digest: Digest, slot: Slot, note: str = "", *, goes: bool = True) -> FireTime:
    notes = (*slot.notes, note) if note else slot.notes
    local = slot.at.astimezone(digest.zone)
    return FireTime(key=slot.key, local=local, utc=slot.at.astimezone(UTC), goes=goes, notes=notes)


def _line(digest: Digest, standing: Standing | None, given_up: GivenUp, now: datetime) -> ScheduleLine:
    schedule, zone = effective(digest, standing), digest.zone
    paused = standing if standing and pause_lasts(standing, now) else None
    # However long it lasts: what goes next may come after a hundred that do not.
    ends = (paused.paused_until - timedelta.resolution,) if paused and paused.paused_until else ()
    n = 12 + standing.skip_next if standing else 1
    times = (time for moment in (now, *ends) for time in _fire_times(digest, standing, given_up, moment, n))
    return ScheduleLine(
        digest=digest.slug,
        schedule=schedule.text,
        declared=digest.schedule,
        tuned=bool(standing and standing.tuned),
        tuned_by=standing.tuned_by if standing else "",
        tuned_why=standing.tuned_why if standing else "",
        words=sentence(schedule, zone),
        timezone=zone.key,
        missed=digest.missed,
        revision=standing.revision if standing else 0,
        paused=paused is not None,
        paused_until=paused.paused_until if paused else None,
        skip_next=standing.skip_next if standing else 0,
        next=next((time for time in times if time.goes), None),
    )
