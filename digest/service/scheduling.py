"""Schedules as an operator sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from digest.errors import UsageError
from digest.schedule import parse, sentence, words
from digest.schedules import flow
from digest.schedules.flow import FireTime, ScheduleLine
from digest.service.house import House, now


@dataclass(frozen=True, slots=True)
class Time:
    """A time to come: ISO 8601 for programs, words for people."""

    local: str
    utc: str
    words: str
    notes: tuple[str, ...]

    def json(self) -> dict[str, object]:
        return {"local": self.local, "utc": self.utc, "notes": list(self.notes)}


@dataclass(frozen=True, slots=True)
class Line:
    """Where one digest's schedule stands."""

    digest: str
    spec: str
    words: str
    next: Time | None
    line: ScheduleLine

    def json(self) -> dict[str, object]:
        return {
            "digest": self.digest,
            "schedule": self.spec,
            "declared": self.line.declared,
            "tuned": self.line.tuned,
            "words": self.words,
            "timezone": self.line.timezone,
            "missed": self.line.missed,
            "paused": self.line.paused,
            "next": self.next.json() if self.next else None,
        }


async def listed(house: House) -> tuple[Line, ...]:
    """Every declared digest's schedule, by slug."""
    lines = await flow.listed(house.store, house.settings, now=now())
    return tuple(
        Line(line.digest, line.schedule, line.words, _time(line.next) if line.next else None, line) for line in lines
    )


async def upcoming(house: House, digest: str, number: int) -> tuple[Time, ...]:
    """The next `number` times of a digest."""
    house.digest(digest)
    return tuple(map(_time, await flow.upcoming(house.store, house.settings, digest, now=now(), n=number)))


def in_words(spec: str, timezone: str) -> str:
    """What an expression means; ScheduleError says why it cannot be."""
    try:
        return sentence(parse(spec), ZoneInfo(timezone)) if timezone else words(parse(spec))
    except (ZoneInfoNotFoundError, ValueError):
        raise UsageError("is no time zone; write one like Europe/London", about=timezone) from None


def _time(fire: FireTime) -> Time:
    words = f"{fire.local:%a %d %b %Y %H:%M} {fire.local.tzname()}"
    return Time(fire.local.isoformat(), fire.utc.astimezone(UTC).isoformat(), words, fire.notes)
