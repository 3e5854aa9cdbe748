"""Schedules as an operator sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from digest.errors import UsageError
from digest.schedule import parse, sentence
from digest.schedules import flow
from digest.schedules.flow import FireTime, ScheduleLine
from digest.schedules.steer import Steer
from digest.service import collecting
from digest.service.house import House, now
from digest.store import audit

CALENDAR = range(1000, 9000)
"""Years of the times that are taken: beyond them there is no counting in zones and days."""


@dataclass(frozen=True, slots=True)
class Time:
    """A time to come: ISO 8601 for programs, words for people."""

    local: str
    utc: str
    words: str
    goes: bool
    notes: tuple[str, ...]

    def json(self) -> dict[str, object]:
        return {"local": self.local, "utc": self.utc, "goes": self.goes, "notes": list(self.notes)}


@dataclass(frozen=True, slots=True)
class Line:
    """Where one digest's schedule stands."""

    digest: str
    spec: str
    words: str
    next: Time | None
    line: ScheduleLine

    @property
    def notes(self) -> str:
        """What somebody has made of it at run time."""
        line, notes = self.line, []
        if line.tuned:
            notes.append(f"tuned by {line.tuned_by}" + f": {line.tuned_why}" * bool(line.tuned_why))
        if line.paused:
            end = line.paused_until and line.paused_until.astimezone(ZoneInfo(line.timezone))
            notes.append(f"paused until {_spoken(end)}" if end else "paused until somebody resumes it")
        if line.skip_next:
            notes.append("the next one left out" if line.skip_next == 1 else f"the next {line.skip_next} left out")
        return "; ".join(notes)

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
            "paused_until": self.line.paused_until,
            "skip_next": self.line.skip_next,
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


async def steer(house: House, slug: str, *, by: str, why: str) -> Steer:
    """A digest's schedule, to be changed by somebody for a reason."""
    return Steer(house.store, house.settings, house.digest(slug), by=by, why=why, now=now())


async def pause(house: House, slug: str, until: str | None, *, by: str, why: str) -> None:
    """Pause a schedule until a time, or a local date, that the operator wrote; None is until it is resumed."""
    end = moment(until, house.digest(slug).zone, about="--until") if until else None
    await (await steer(house, slug, by=by, why=why)).pause(end)


async def run_now(house: House, slug: str, *, by: str, why: str) -> None:
    """Owe an edition at once, of all that the sources have by now."""
    house.digest(slug)
    await collecting.refresh(house)
    await (await steer(house, slug, by=by, why=why)).run_now()


async def history(house: House, slug: str) -> tuple[audit.Entry, ...]:
    """Every change of a schedule at run time, the newest first."""
    house.digest(slug)
    async with house.store.read() as tx:
        lines = await audit.listed(tx, slug)
    return tuple(line for line in lines if line.action.startswith("schedule "))


async def line(house: House, slug: str) -> Line:
    """Where one digest's schedule stands."""
    house.digest(slug)
    return next(each for each in await listed(house) if each.digest == slug)


def moment(text: str, zone: tzinfo, *, about: str) -> datetime:
    """An instant as an operator writes it: a bare date is its midnight and a time without offset local, in `zone`."""
    try:
        said = datetime.fromisoformat(text.upper())
    except ValueError:
        raise UsageError(f'"{text}" is no time; write it like 2026-06-26 or 2026-06-26T09:00Z', about=about) from None
    if said.year not in CALENDAR:
        raise UsageError(f'"{text}" lies beyond our calendar', about=about)
    return (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(UTC)


def in_words(spec: str, timezone: str) -> str:
    """What an expression means; ScheduleError says why it cannot be."""
    try:
        return sentence(parse(spec), ZoneInfo(timezone) if timezone else None)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError("is no time zone; write one like Europe/London", about=timezone) from None


def _time(fire: FireTime) -> Time:
    utc = fire.utc.astimezone(UTC).isoformat()
    return Time(fire.local.isoformat(), utc, _spoken(fire.local), fire.goes, fire.notes)


def _spoken(local: datetime) -> str:
    return f"{local:%a %d %b %Y %H:%M} {local.tzname()}"
