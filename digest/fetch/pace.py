"""One request at a time for each host and address, with a gap between, and so many at once in all."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

AT_ONCE = 40
"""More would cost more: whoever holds the connections looks through all of them at each step."""


class Pace:
    """Turns taken by key; a key is a host's name or its address."""

    def __init__(self, gap: timedelta) -> None:
        self._gap = gap.total_seconds()
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._free_at: dict[str, float] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def turn(self, name: str, address: str) -> AsyncIterator[None]:
        """Hold the turn for a host by both its names, always in this order, so that nobody waits in a ring."""
        async with AsyncExitStack() as held:
            for key in dict.fromkeys((f"name {name}", f"address {address}")):
                await held.enter_async_context(self._locks[key])
                await asyncio.sleep(max(0.0, self._free_at.get(key, 0.0) - time.monotonic()))
            # Waited for last, and outside anybody's time limit: slow hosts cost others nothing but patience.
            await held.enter_async_context(self._room)
            try:
                yield
            finally:
                self._rest(f"name {name}", f"address {address}")

    def _rest(self, *keys: str) -> None:
        jitter = random.uniform(0.9, 1.1)  # noqa: S311 - spreads polls, guards nothing
        for key in keys:
            self._free_at[key] = time.monotonic() + self._gap * jitter
