"""One clock for all machines: on PostgreSQL the database's, carried on between two looks by a counter of our own."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from digest.store.database import Store

_NOW = text("SELECT clock_timestamp()")


def _steady() -> float:
    """Seconds that nobody sets, and that run on while a machine sleeps, where it can tell."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class LedgerClock:
    """What time it is for leases, pace and what is due: two machines whose own clocks differ agree by it.

    On SQLite there is one machine, and its clock is right by definition.
    """

    def __init__(self, store: Store, *, steady: Callable[[], float] = _steady) -> None:
        self._store = store
        self._steady = steady
        self._read: tuple[datetime, float] | None = None

    async def set(self) -> None:
        """Look at the database's clock; early by what the look itself took, so never ahead of it."""
        if self._store.is_sqlite:
            return
        async with self._store.read() as tx:
            at: datetime = (await tx.execute(_NOW)).scalar_one()
            self._read = at, self._steady()

    def __call__(self) -> datetime:
        if self._read is None:
            return datetime.now(UTC)
        at, steady = self._read
        return at.astimezone(UTC) + timedelta(seconds=self._steady() - steady)
