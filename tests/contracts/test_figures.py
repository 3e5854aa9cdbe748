"""Figures are the same on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from digest.model.subscribers import SuppressionReason
from digest.store import figures
from digest.store.figures import Figures
from digest.subscribers import flow
from tests.contracts.test_people import opened

NOW = datetime(2026, 6, 26, 8, 0, tzinfo=UTC)


def test_everything_is_counted_by_what_it_is(store_url: str) -> None:
    """Of an empty store nothing; then whole numbers by digest, state and reason."""

    async def story() -> tuple[Figures, Figures]:
        store = await opened(store_url)
        async with store.read() as tx:
            empty = await figures.counted(tx)
        for number in range(3):
            await flow.add(store, f"u{number}@example.org", "newsflash", confirmed=number < 2, now=NOW)
        await flow.suppress(store, "u0@example.org", reason=SuppressionReason.COMPLAINT, now=NOW)
        async with store.read() as tx:
            found = await figures.counted(tx)
        await store.close()
        return empty, found

    empty, found = asyncio.run(story())
    assert ({}, {}, False, False) == (empty.subscriptions, empty.deliveries, empty.stopped, empty.quarantine)
    assert {("newsflash", "confirmed"): 2, ("newsflash", "pending"): 1} == found.subscriptions
    assert {"complaint": 1} == found.suppressions
