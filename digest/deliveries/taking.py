"""Taking the places that this process holds: one after another, by as many hands as it has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from digest.deliveries.places import NONE, Places

LOOK = 0.5
"""Seconds of waiting between two looks at whether anybody still wants the place."""
Wanted = Callable[[], bool]
"""Whether anything waits for a place of the pace."""


async def at_once(_wanted: Wanted) -> bool:
    """The pace of what has none."""
    return True


class Taking:
    """The places of one pace that are ours."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        more: Callable[[], Awaitable[bool]],
    ) -> None:
        """`more` holds more places, False where there are none to be had for now."""
        self._clock = clock
        self._sleep = sleep
        self._more = more
        self._places: Places | None = NONE
        self._queue = asyncio.Lock()

    def hold(self, places: Places | None) -> None:
        """These and no others; None where none are needed."""
        self._places = places

    def drop(self) -> None:
        """Give up those we hold."""
        if self._places is not None:
            self._places = NONE

    def wait(self) -> float | None:
        """Seconds to the next of them; None when we hold none."""
        wait = self._places.wait(self._clock()) if self._places else None
        return None if wait is None else wait.total_seconds()

    async def take(self, wanted: Wanted) -> bool:
        """Wait for the next place, and take it; False where it is not `wanted` any more, or too far away."""
        if self._places is None:
            return True
        # One after another: places have an order.
        async with self._queue:
            while wanted():
                if self.ready():
                    return True
                wait = self.wait()
                if wait is not None:
                    await self._sleep(min(wait, LOOK))
                elif not await self._more():
                    return False
        return False

    def ready(self) -> bool:
        """Take the next place where it needs no waiting for; whether it did."""
        return self._places is None or self._places.take(self._clock())
