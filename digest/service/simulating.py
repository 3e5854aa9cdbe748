"""A schedule tried on the archive: the editions that would have come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from digest.editions.owe import Ledger, Window, weigh
from digest.errors import UsageError
from digest.model.announcements import EDITIONS
from digest.schedule import Schedule, parse, sentence, slots
from digest.schedules.effective import effective
from digest.schedules.simulate import Arrival, Imagined, Replay, replay
from digest.service.house import House, now
from digest.service.scheduling import moment
from digest.settings import Digest
from digest.store import announcements, schedules

MOST = 100_000
"""Editions of one simulation: one an hour for ten years is below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One schedule's replay, in its own words."""

    schedule: str
    words: str
    replay: Replay
    zone: ZoneInfo

    def json(self) -> dict[str, object]:
        largest, slowest = self.replay.largest, self.replay.slowest
        return {
            "schedule": self.schedule,
            "words": self.words,
            "editions": [self._edition(each) for each in self.replay.editions],
            "made": len(self.replay.made),
            "skipped": self.replay.skipped,
            "largest": self._edition(largest) if largest else None,
            "longest_wait_s": int(slowest.waited.total_seconds()) if slowest else None,
            "longest_wait_title": slowest.longest if slowest else None,
            "left": self.replay.left,
        }

    def _edition(self, each: Imagined) -> dict[str, object]:
        return {
            "date": each.slot.local.date().isoformat(),
            "local": each.slot.at.astimezone(self.zone).isoformat(),
            "utc": each.slot.at.isoformat(),
            "items": each.items,
            "skipped": each.skipped,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """The archive between two moments under one schedule, or under two."""

    digest: str
    since: datetime
    until: datetime
    arrivals: int
    trials: tuple[Trial, ...]

    def json(self) -> dict[str, object]:
        ends = {"from": self.since.isoformat(), "to": self.until.isoformat()}
        trials = [trial.json() for trial in self.trials]
        return {"digest": self.digest, **ends, "announcements": self.arrivals, "schedules": trials}


async def simulate(house: House, slug: str, spec: str | None, *, since: str | None, until: str | None) -> Simulation:
    """Replay the archive under the schedule in force, and beside it under `spec`; changes nothing.

    From the first announcement to now unless said otherwise, in the digest's zone. What came before `since` counts
    as sent. Announcements come at their own time, as for `preview --at`, also those that were baseline when first read.
    """
    digest = house.digest(slug)
    wanted = parse(spec) if spec else None
    zone = digest.zone
    end = moment(until, zone, about="--to") if until else now()
    first = moment(since, zone, about="--from") if since else None
    async with house.store.read() as tx:
        standing = await schedules.get(tx, slug)
        found = await announcements.archive(tx, language=digest.language or "")
    verdicts = weigh(found, digest, Ledger(start_line=0, settled={}), Window(until=end, by="effective"))
    carried = [each.announcement for each in verdicts if each.owed and EDITIONS not in each.announcement.sources]
    begin = first or min((each.effective_at for each in carried), default=end)
    if begin > end:
        raise UsageError("the end lies before the beginning", about=f"{begin:%Y-%m-%d} to {end:%Y-%m-%d}")
    arrivals = [Arrival(each.effective_at, each.versions[0].title) for each in carried if each.effective_at >= begin]
    tried = (effective(digest, standing), *([wanted] if wanted else []))
    trials = tuple(_trial(each, digest, arrivals, begin, end) for each in tried)
    return Simulation(digest=slug, since=begin, until=end, arrivals=len(arrivals), trials=trials)


def _trial(schedule: Schedule, digest: Digest, arrivals: list[Arrival], begin: datetime, end: datetime) -> Trial:
    zone = digest.zone
    times = tuple(islice(slots(schedule, zone, begin, end), MOST + 1))
    if len(times) > MOST:
        raise UsageError(f"brings more than {MOST:,} editions; ask for less, by --from and --to", about=schedule.text)
    return Trial(
        schedule=schedule.text,
        words=sentence(schedule, zone),
        replay=replay(times, arrivals, min_items=digest.min_items, lead=digest.ahead),
        zone=zone,
    )
