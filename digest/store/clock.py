"""One clock for all machines: on PostgreSQL the database's, carried on between two looks by a counter of our own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import text

from digest.store.database import Store

utc_now: Callable[[], datetime] = partial(datetime.now, UTC)
"""This machine's clock, without a step between."""
_NOW = text("SELECT clock_timestamp()")
_DRIFT = 1e-4
"""Seconds by which two counters may part in one: a good look is kept until it may be worse than a new one."""


def _steady() -> float:
    """Seconds that nobody sets, and that run on while a machine sleeps, where it can tell."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True, slots=True)
class _Look:
    """What the database's clock said, at some moment between two of our counter's."""

    said: datetime
    asked: float
    heard: float

    def unsure(self, steady: float) -> float:
        """Seconds by which what we make of it may be too early."""
        return self.heard - self.asked + _DRIFT * (steady - self.heard)

    def now(self, steady: float) -> datetime:
        """As if it had been said when it was heard: never too late."""
        return self.said + timedelta(seconds=steady - self.heard)


class LedgerClock:
    """What time it is for leases, pace and what is due: two machines whose own clocks differ agree by it.

    On SQLite there is one machine, and its clock is right by definition.
    """

    def __init__(self, store: Store, *, steady: Callable[[], float] = _steady) -> None:
        self._store = store
        self._steady = steady
        self._best: _Look | None = None

    async def set(self) -> None:
        """Look at the database's clock; early by what the look itself took, so never ahead of it.

        A look that took longer than one before is no better, unless somebody has set the database's clock.
        """
        if self._store.is_sqlite:
            return
        async with self._store.read() as tx:
            # The first statement is waited for by the connection, the second by nothing else.
            await tx.execute(_NOW)
            asked = self._steady()
            said: datetime = (await tx.execute(_NOW)).scalar_one()
            look = _Look(said.astimezone(UTC), asked, self._steady())
        if self._best is None or _better(look, self._best):
            self._best = look

    @property
    def asked_often(self) -> Callable[[], datetime]:
        """The same; on SQLite `utc_now`."""
        return utc_now if self._store.is_sqlite else self

    def __call__(self) -> datetime:
        return datetime.now(UTC) if self._best is None else self._best.now(self._steady())


def _better(new: _Look, old: _Look) -> bool:
    """Whether the new one is nearer to the truth, or shows that the old one is none any more."""
    ours, theirs = new.unsure(new.heard), old.unsure(new.heard)
    apart = (new.now(new.heard) - old.now(new.heard)).total_seconds()
    return ours <= theirs or not -ours <= apart <= theirs
