"""How fast one sender writes: places reserved in the ledger by the lump, spread evenly by this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from digest.settings.sections import Sender
from digest.store import pace
from digest.store.database import Tx

MOST = 100
"""Deliveries in one claim without a journal: what a crash may leave in doubt."""


def real_time() -> datetime:
    """Now: relays count by the real clock, whatever time the ledger is told."""
    return datetime.fromtimestamp(time.time(), UTC)


@dataclass(slots=True)
class Pace:
    """A sender's rate and daily allowance, the same for all processes that share a ledger."""

    key: str
    rate: float | None
    per_day: int | None
    most: int = MOST
    """In one claim."""
    clock: Callable[[], datetime] = real_time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _starts: float = field(default=0.0)
    _taken: int = field(default=0)

    @classmethod
    def of(cls, sender: Sender, *, most: int = MOST) -> Pace:
        """The pace that a sender's settings declare."""
        return cls(sender.slug, sender.rate, sender.per_day, most)

    async def room(self, tx: Tx) -> int:
        """How many may be claimed now: a second's worth, within the day's allowance."""
        room = self.most if self.rate is None else max(1, min(self.most, int(self.rate)))
        if self.per_day is None:
            return room
        return min(room, await pace.left(tx, self.key, per_day=self.per_day, now=self.clock()))

    async def reserve(self, tx: Tx, count: int) -> None:
        """Take `count` places for what was just claimed, in the same transaction."""
        if count:
            wait = await self._places(tx, count)
            self._starts, self._taken = self.monotonic() + wait, 0

    async def place(self, tx: Tx) -> float:
        """A place for one note: seconds to wait for it. No allowance is too small for a note."""
        return await self._places(tx, 1)

    async def take(self) -> None:
        """Wait for the next of the reserved places."""
        if self.rate is None:
            return
        at = self._starts + self._taken / self.rate
        self._taken += 1
        if (wait := at - self.monotonic()) > 0:
            await self.sleep(wait)

    def ready(self) -> bool:
        """Take the next of the reserved places where it needs no waiting for; whether it did."""
        if self.rate is None:
            return True
        if self._starts + self._taken / self.rate > self.monotonic():
            return False
        self._taken += 1
        return True

    async def _places(self, tx: Tx, count: int) -> float:
        now = self.clock()
        if self.per_day is not None:
            await pace.left(tx, self.key, per_day=self.per_day, now=now)
            await pace.spend(tx, self.key, count, now=now)
        return 0.0 if self.rate is None else await pace.reserve(tx, self.key, count, rate=self.rate, now=now)

    def tomorrow(self) -> datetime:
        """When a used-up allowance begins anew: the next day (UTC)."""
        today = self.clock().replace(hour=0, minute=0, second=0, microsecond=0)
        return today + timedelta(days=1)
