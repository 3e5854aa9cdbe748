"""What was pushed to us is taken once, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from digest.store import pushes
from digest.store.database import Store
from tests.contracts.test_store import run_on

NOW = datetime(2026, 6, 26, 8, 0, tzinfo=UTC)


def test_a_signature_is_taken_once(store_url: str) -> None:
    """Another is, and the same again once it was given back, or is long past its time."""

    async def scenario(store: Store) -> None:
        async def taken(mac: str, *, at: datetime = NOW) -> bool:
            async with store.write() as tx:
                return await pushes.take(tx, mac, at=at, forget=at - timedelta(minutes=15))

        assert [True, False, False, True] == [await taken(mac) for mac in ("one", "one", "one", "another")]
        async with store.write() as tx:
            await pushes.give_back(tx, "one")
        assert [True, False] == [await taken("one"), await taken("one")]
        assert await taken("another", at=NOW + timedelta(minutes=16))

    run_on(store_url, scenario)
