"""The clock."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from digest.engine.clock import Clock

BEAT = timedelta(milliseconds=10)


def test_ticks_at_once_and_again() -> None:
    """The first tick does not wait for a beat, and others follow."""

    async def main() -> int:
        ticks = asyncio.Semaphore(0)
        count = 0

        async def tick() -> None:
            nonlocal count
            count += 1
            ticks.release()

        async with Clock(tick, every=BEAT):
            for _ in range(3):
                await asyncio.wait_for(ticks.acquire(), 5)
        return count

    assert asyncio.run(main()) >= 3


def test_never_twice_at_a_time() -> None:
    """A tick longer than many beats runs alone, and is followed by one."""

    async def main() -> tuple[int, int]:
        running = most = 0
        ended = asyncio.Semaphore(0)

        async def tick() -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.05)
            running -= 1
            ended.release()

        async with Clock(tick, every=BEAT):
            await asyncio.wait_for(ended.acquire(), 5)
            await asyncio.wait_for(ended.acquire(), 5)
        return most, running

    assert (1, 0) == asyncio.run(main())


def test_a_tick_that_raises_stops_nothing() -> None:
    """The next tick comes as usual, and the failure is in the log."""

    async def main() -> None:
        again = asyncio.Event()
        count = 0

        async def tick() -> None:
            nonlocal count
            count += 1
            if count == 1:
                raise ValueError("first")
            again.set()

        async with Clock(tick, every=BEAT):
            await asyncio.wait_for(again.wait(), 5)

    with capture_logs() as logs:
        asyncio.run(main())
    assert ["tick failed"] == [entry["event"] for entry in logs]


def test_waking_does_not_wait_for_the_beat() -> None:
    """Whoever knows of work may ask for a tick now."""

    async def main() -> None:
        ticks = asyncio.Semaphore(0)

        async def tick() -> None:
            ticks.release()

        async with Clock(tick, every=timedelta(hours=1)) as clock:
            await asyncio.wait_for(ticks.acquire(), 5)
            clock.wake()
            await asyncio.wait_for(ticks.acquire(), 5)

    asyncio.run(main())


def test_leaving_waits_for_the_tick_that_runs() -> None:
    """A tick is not cut off by a stop that has patience."""

    async def main() -> bool:
        begun, done = asyncio.Event(), asyncio.Event()

        async def tick() -> None:
            begun.set()
            await asyncio.sleep(0.05)
            done.set()

        async with Clock(tick, every=timedelta(hours=1)):
            await asyncio.wait_for(begun.wait(), 5)
        return done.is_set()

    assert asyncio.run(main())


def test_patience_ends() -> None:
    """A tick that does not end is cancelled."""

    async def main() -> bool:
        begun, cut = asyncio.Event(), asyncio.Event()

        async def tick() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                cut.set()

        async with Clock(tick, every=timedelta(hours=1), patience=0.01):
            await asyncio.wait_for(begun.wait(), 5)
        return cut.is_set()

    assert asyncio.run(main())


def test_leaving_at_any_moment_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """A beat that was struck and not yet heard is not cut off: its traceback would be the last word of a process."""

    async def nothing() -> None:
        pass

    async def main() -> None:
        for steps in range(8):
            async with Clock(nothing):
                for _ in range(steps):
                    await asyncio.sleep(0)

    asyncio.run(main())
    assert [] == [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
