"""When a mailing will be done at its sender's pace: said before anything goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from digest.deliveries.pace import RESERVE
from digest.settings.sections import Limits
from digest.store.pace import Spent

HOUR, DAY = 3600.0, 86_400.0
_EACH = ((1, "a second"), (60, "a minute"), (3600, "an hour"), (86_400, "a day"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many recipients under limits of their own; `domain` is "" for all together."""

    count: int
    limits: Limits
    domain: str = ""
    spent: Mapping[timedelta, Spent] = field(default_factory=dict)
    """What went before of a rolling hour or day that has a limit."""

    @property
    def kept(self) -> Limits:
        """What is theirs of the limits: a twentieth of a sender's rate is kept for notes."""
        rate = self.limits.rate
        return (
            self.limits.model_copy(update={"rate": rate * (1 - RESERVE)}) if rate and not self.domain else self.limits
        )

    def done(self, start: datetime) -> datetime:
        """When the last has gone: what went before stands in the same row, ahead of them."""
        rows = [(start, self.count), *((each.since, each.count + self.count) for each in self.spent.values())]
        return max(since + timedelta(seconds=takes(count, self.kept)) for since, count in rows)


def takes(count: int, limits: Limits) -> float:
    """Seconds until the last of so many has gone: the limit that holds up most first, the others for its remainder."""
    left, waited = count - 1, 0.0
    for most, window, _ in _steps(limits):
        waited += max(0, left) // most * window
        left %= most
    return waited


def _steps(limits: Limits) -> list[tuple[int, float, str]]:
    """(how many, in how many seconds, in words), the slowest first."""
    steps = [(limits.per_day, DAY, "a day"), (limits.per_hour, HOUR, "an hour")]
    known = [(most, window, f"{most:,} {each}") for most, window, each in steps if most is not None]
    if limits.rate:
        known.append((1, 1 / limits.rate, _rate(limits.rate)))
    return sorted(known, key=lambda step: step[0] / step[1])


def words(shares: Sequence[Share], *, start: datetime, now: datetime, zone: ZoneInfo) -> str:
    """ "2,400 recipients, 500 a day: done Friday 10:20"; the limit named is the one that decides."""
    count = max((share.count for share in shares), default=0)
    said = f"{count:,} recipient{'' if count == 1 else 's'}"
    slowest = max(shares, key=lambda share: share.done(start), default=None)
    if slowest is None or not (limit := _limit(slowest)):
        return f"{said}, as fast as the relay takes them"
    minute = 60 * ceil(slowest.done(start).timestamp() / 60)
    at, today = datetime.fromtimestamp(minute, zone), now.astimezone(zone).date()
    return f"{said}, {limit}: done {_day(at, (at.date() - today).days)} {at:%H:%M}"


def _limit(share: Share) -> str:
    """The limit that makes it take as long as it does, or the slowest where so few reach none."""
    steps = _steps(share.limits)
    before = {window.total_seconds(): spent.count for window, spent in share.spent.items()}
    reached = [said for most, window, said in steps if share.count + before.get(window, 0) > most]
    reached = reached or [said for *_, said in steps[-1:]]
    return "".join(reached[:1]) + (f" to {share.domain}" if share.domain else "")


def _rate(rate: float) -> str:
    seconds, each = next(((seconds, each) for seconds, each in _EACH if rate * seconds >= 1), _EACH[-1])
    return f"{rate * seconds:,.4g} {each}"


def _day(at: datetime, ahead: int) -> str:
    if ahead <= 0:
        return "today"
    return f"{at:%A}" if ahead < 7 else f"{at:%A} {at.day} {at:%B}"


def done_at(shares: Sequence[Share], start: datetime) -> datetime:
    """When the last of all has gone."""
    return max((share.done(start) for share in shares), default=start)
