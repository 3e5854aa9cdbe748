"""The ledger's clock: the same for all who share it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from digest.store.clock import LedgerClock
from digest.store.database import connect


def test_it_is_the_databases(postgres_url: str) -> None:
    """Whatever this machine believes; between two looks it goes on by a counter that nobody sets."""
    steady = [1000.0]

    async def main() -> None:
        store = connect(postgres_url)
        clock = LedgerClock(store, steady=lambda: steady[0])
        await clock.set()
        async with store.read() as tx:
            there = (await tx.execute(text("SELECT clock_timestamp()"))).scalar_one()
        first = clock()
        assert timedelta(0) <= there - first < timedelta(seconds=30)
        steady[0] += 7
        assert (timedelta(seconds=7), UTC) == (clock() - first, clock().tzinfo)
        await store.close()

    asyncio.run(main())


def test_on_sqlite_it_is_the_machines(tmp_path: object) -> None:
    """Nobody else shares the ledger."""

    async def main() -> None:
        clock = LedgerClock(connect(f"sqlite:///{tmp_path}/digest.db"))
        await clock.set()
        assert abs(clock() - datetime.now(UTC)) < timedelta(seconds=30)

    asyncio.run(main())
