"""A store with one digest in it, and the settings that declare it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from digest.settings import Settings
from digest.store import digests
from digest.store.database import Store, connect
from digest.store.schema import metadata

START = datetime(2026, 1, 1, tzinfo=UTC)
Declare = Callable[..., Settings]


@pytest.fixture
def declare() -> Declare:
    """Settings with a digest `newsflash` (or the slugs given), daily at 09:00 in London unless said otherwise."""

    def made(*slugs: str, **keys: Any) -> Settings:
        digest = {"sender": "main", "schedule": "daily 09:00", "timezone": "Europe/London", **keys}
        return Settings.model_validate(
            {
                "site": {"url": "https://example.org"},
                "senders": {"main": {"url": "smtp://127.0.0.1:1025", "from": "News <news@example.org>"}},
                "digests": {slug: dict(digest) for slug in slugs or ("newsflash",)},
            }
        )

    return made


@pytest.fixture
def with_store(store_url: str) -> Callable[[Callable[[Store], Any]], Any]:
    """Run a coroutine function against a ready store that knows the digest `newsflash`."""

    def run(body: Callable[[Store], Any]) -> Any:
        async def inside() -> Any:
            store = connect(store_url)
            try:
                async with store.write() as tx:
                    await tx.run_sync(metadata.create_all)
                    await digests.declare(tx, ("newsflash",), START)
                return await body(store)
            finally:
                await store.close()

        return asyncio.run(inside())

    return run
