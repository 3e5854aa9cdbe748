"""How mailings stand while they are being sent: counters, speed and end, whose fault failures are, and where.

Counters move a claim at a time, at a slow pace once a second: a speed is told from one such step to another, and the
end is never sooner than the sender's pace allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from digest.deliveries import plan
from digest.deliveries.plan import Share
from digest.service import reading
from digest.service.house import House, now
from digest.service.planning import spent
from digest.service.reading import Row
from digest.settings.sections import Limits
from digest.store import delivery_events, shards, stopping
from digest.store.database import Tx
from digest.store.delivery_events import Trouble
from digest.store.pace import Spent

WORST = 5
"""Domains that are named."""
OVERDUE = timedelta(minutes=1)
"""What is due for so long, and nobody is at it, has no end that could be told."""
_WEIGHT = 0.1
"""Of the newest look in a speed: it follows in a few looks, and does not jump."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One mailing at one moment; its speed is known once its counters have moved."""

    row: Row
    sending: bool
    """Whether somebody is at it now."""
    faults: Mapping[str, int]
    domains: tuple[Trouble, ...]
    per_second: float | None = None
    done_at: datetime | None = None
    """By its sender's pace and by its speed, whichever is later."""
    limits: Limits = field(default_factory=Limits)
    spent: Mapping[timedelta, Spent] = field(default_factory=dict)
    """What has gone of its sender's hour and day."""
    stopped: str = ""
    """Why nothing of it goes, where everything is stopped."""
    overdue: bool = False
    """It is due, and nobody gets any of it off: its relay cannot be used, or nothing runs that sends."""

    @property
    def key(self) -> int:
        """The mailing's row."""
        return self.row.of.id if self.row.of else 0

    @property
    def left(self) -> int:
        """What will be tried; nothing while it stands still."""
        open_ = self.row.mailing in ("proving", "sending") and not self.stopped
        return self.row.numbers.owed + self.row.numbers.deferred if open_ else 0

    @property
    def settled(self) -> int:
        numbers = self.row.numbers
        return numbers.audience - numbers.owed - numbers.deferred - numbers.uncertain

    def json(self) -> dict[str, object]:
        domains = [{name: getattr(each, name) for name in Trouble.__slots__} for each in self.domains]
        return self.row.json() | {
            "sending": self.sending,
            "stopped": self.stopped,
            "messages_per_s": None if self.per_second is None else round(self.per_second, 2),
            "done_at": self.done_at,
            "faults": dict(self.faults),
            "worst_domains": domains,
        }


async def look(house: House) -> tuple[Standing, ...]:
    """Every mailing, the newest first."""
    rows = await reading.mailings_listed(house)
    async with house.store.read() as tx:
        at_work, stop = await shards.at_work(tx, now()), await stopping.standing(tx)
        found = [await _standing(tx, row, at_work, stop.words if stop else "") for row in rows]
        paced = [await _paced(house, tx, each) for each in found]
    return tuple(planned(each, now()) for each in paced)


async def _paced(house: House, tx: Tx, one: Standing) -> Standing:
    """With its sender's limits, and what has gone of them."""
    digest = house.settings.digests.get(one.row.digest)
    if digest is None or not one.left:
        return one
    sender = house.settings.senders[digest.sender]
    before = await spent(tx, sender.slug, sender.limits, now())
    return replace(one, limits=sender.limits, spent=before)


def planned(one: Standing, at: datetime) -> Standing:
    """With the end that the sender's pace alone would give it, where there is a pace and somebody is at it."""
    due = one.row.next_due
    if one.left and not one.sending and due is not None and due < at - OVERDUE:
        return replace(one, overdue=True)
    if not one.left or one.limits == Limits(rate=None):
        return one
    start = at if one.sending else max(at, due or at)
    return replace(one, done_at=plan.done_at([Share(count=one.left, limits=one.limits, spent=one.spent)], start))


async def _standing(tx: Tx, row: Row, at_work: frozenset[int], stopped: str) -> Standing:
    mailing = row.of
    assert mailing is not None  # noqa: S101 - only mailings are listed
    faults: dict[str, int] = {}
    for (_, fault), count in (await delivery_events.by_fault(tx, mailing.id)).items():
        faults[fault or "unknown"] = faults.get(fault or "unknown", 0) + count
    domains = await delivery_events.by_domain(tx, mailing.id, most=WORST)
    return Standing(row=row, sending=mailing.id in at_work, faults=faults, domains=domains, stopped=stopped)


@dataclass(slots=True)
class _Pulse:
    """A mailing's counters when they last moved, and how fast that is."""

    at: datetime
    settled: int
    steps: int = 0
    step: int = 0
    speed: float = 0.0

    def moved(self, settled: int, at: datetime) -> None:
        """The first step may have begun before we looked: the second is the first that tells a speed."""
        step = settled - self.settled
        latest = step / (at - self.at).total_seconds()
        self.speed = latest if self.steps < 2 else self.speed + (latest - self.speed) * _WEIGHT
        self.at, self.settled, self.step, self.steps = at, settled, step, self.steps + 1

    def speed_at(self, at: datetime) -> float:
        """So long without a step, it has become slower."""
        waited = (at - self.at).total_seconds()
        return min(self.speed, self.step / waited) if waited else self.speed


@dataclass(slots=True)
class Speedometer:
    """Speeds, from one step of the counters to the next."""

    _pulses: dict[int, _Pulse] = field(default_factory=dict)

    def measured(self, standings: Sequence[Standing], at: datetime) -> tuple[Standing, ...]:
        """The same standings with their speed and their end, where they are known."""
        return tuple(self._measured(each, at) for each in standings)

    def sure(self, standings: Sequence[Standing]) -> bool:
        """Whether the speeds of all that are being sent were taken from one step to another."""
        return all(self._pulses[each.key].steps > 1 for each in standings if each.sending)

    def _measured(self, one: Standing, at: datetime) -> Standing:
        pulse = self._pulses.setdefault(one.key, _Pulse(at, one.settled))
        if one.settled > pulse.settled and at > pulse.at:
            pulse.moved(one.settled, at)
        speed = pulse.speed_at(at)
        if not one.sending or not speed:
            return one
        speed = min(speed, one.limits.rate or speed)
        ends = [each for each in (one.done_at, _end(one, speed, at)) if each]
        return replace(one, per_second=speed, done_at=max(ends, default=None))


def _end(one: Standing, speed: float, at: datetime) -> datetime | None:
    return at + timedelta(seconds=one.left / speed) if speed > 0.001 and one.left else None
