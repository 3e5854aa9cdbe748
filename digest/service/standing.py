"""How mailings stand while they are being sent: counters, speed and end, whose fault failures are, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from digest.service import reading
from digest.service.house import House, now
from digest.service.reading import Row
from digest.store import delivery_events, shards, stopping
from digest.store.database import Tx
from digest.store.delivery_events import Trouble

WORST = 5
"""Domains that are named."""
_WEIGHT = 0.1
"""Of the newest look in a speed: it follows in a few looks, and does not jump."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One mailing at one moment; the speed is known from the second look on."""

    row: Row
    sending: bool
    """Whether somebody is at it now."""
    faults: Mapping[str, int]
    domains: tuple[Trouble, ...]
    per_second: float | None = None
    done_at: datetime | None = None
    stopped: str = ""
    """Why nothing of it goes, where everything is stopped."""

    @property
    def key(self) -> int:
        """The mailing's row."""
        return self.row.of.id if self.row.of else 0

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
        return tuple([await _standing(tx, row, at_work, stop.words if stop else "") for row in rows])


async def _standing(tx: Tx, row: Row, at_work: frozenset[int], stopped: str) -> Standing:
    mailing = row.of
    assert mailing is not None  # noqa: S101 - only mailings are listed
    faults: dict[str, int] = {}
    for (_, fault), count in (await delivery_events.by_fault(tx, mailing.id)).items():
        faults[fault or "unknown"] = faults.get(fault or "unknown", 0) + count
    domains = await delivery_events.by_domain(tx, mailing.id, most=WORST)
    return Standing(row=row, sending=mailing.id in at_work, faults=faults, domains=domains, stopped=stopped)


@dataclass(slots=True)
class Speedometer:
    """Speeds, from one look at the counters to the next."""

    _seen: dict[int, tuple[datetime, int]] = field(default_factory=dict)
    _speed: dict[int, float] = field(default_factory=dict)

    def measured(self, standings: Sequence[Standing], at: datetime) -> tuple[Standing, ...]:
        """The same standings with their speed and their end, where they are known."""
        return tuple(self._measured(each, at) for each in standings)

    def _measured(self, one: Standing, at: datetime) -> Standing:
        key, done = one.key, one.settled
        before, self._seen[key] = self._seen.get(key), (at, done)
        if before is None or at <= before[0]:
            return one
        latest = max(0, done - before[1]) / (at - before[0]).total_seconds()
        speed = self._speed[key] = latest + (self._speed.get(key, latest) - latest) * (1 - _WEIGHT)
        return replace(
            one,
            per_second=speed if one.sending and speed else None,
            done_at=_end(one, speed, at) if one.sending else None,
        )


def _end(one: Standing, speed: float, at: datetime) -> datetime | None:
    left = one.row.numbers.owed + one.row.numbers.deferred
    return at + timedelta(seconds=left / speed) if speed > 0.001 and left else None
