"""Tasks that come and go, and whoever waits for what they do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine


class Tasks:
    """Those that run; the failure of one is told to all who wait."""

    def __init__(self, ended: Callable[[], None]) -> None:
        """`ended` is called after the end of each."""
        self._ended = ended
        self._running: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()
        self._failure: BaseException | None = None

    def __len__(self) -> int:
        return len(self._running)

    def begin(self, work: Coroutine[object, object, None]) -> None:
        """One more."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._dismiss)

    def stir(self) -> None:
        """Something has changed that somebody may wait for."""
        self._moved.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until that is so, whenever it may have changed; raises what a task failed with."""
        while not true():
            self._moved.clear()
            await self._moved.wait()
        if self._failure:
            raise self._failure

    async def leave(self, patience: float) -> None:
        """Wait for them all so many seconds, and cancel those that take longer."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=patience)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    def _dismiss(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            self._failure = self._failure or failure
        self._ended()
        self._moved.set()
