"""The clock: APScheduler keeps the beat, in memory; what is due stands in our tables."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from digest.engine.log import get_logger

Tick = Callable[[], Awaitable[object]]

_log = get_logger()


class Clock:
    """Calls `tick` every so often while its block lasts, at once first, and never twice at a time.

    A tick that takes longer than a beat is followed by one, not by all that were missed. One that raises is
    logged, and the next comes as usual. Leaving waits `patience` seconds for the tick that runs.
    """

    def __init__(self, tick: Tick, *, every: timedelta = timedelta(seconds=5), patience: float = 10.0) -> None:
        self._tick = tick
        self._every = every
        self._patience = patience
        self._beat = asyncio.Event()
        self._busy = False

    def wake(self) -> None:
        """Tick now, or once more when the running tick ends."""
        self._beat.set()

    async def __aenter__(self) -> Self:
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._scheduler.add_job(
            self._strike,
            IntervalTrigger(seconds=self._every.total_seconds(), timezone=UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )
        self._scheduler.start()
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scheduler.pause()
        # A beat that was struck already is heard: cut off, it would be an error to the scheduler, told by a traceback.
        await asyncio.sleep(0)
        self._scheduler.shutdown(wait=False)
        self._beat.clear()
        if self._busy:
            self._stopping = True
            await asyncio.wait({self._task}, timeout=self._patience)
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _strike(self) -> None:
        self._beat.set()

    async def _run(self) -> None:
        self._stopping = False
        while not self._stopping:
            await self._beat.wait()
            self._beat.clear()
            self._busy = True
            try:
                await self._tick()
            except Exception:
                _log.exception("tick failed")
            finally:
                self._busy = False
