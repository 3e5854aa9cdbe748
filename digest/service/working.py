"""Sending while a process lasts: alone in it, or as one worker among many."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from digest.deliveries.replay import forget
from digest.engine.clock import Clock
from digest.engine.embedded import Embedded
from digest.service import ringing, ticking, witness
from digest.service.house import House
from digest.service.posting import context
from digest.service.worker import Worker

EVERY = timedelta(seconds=2)


@asynccontextmanager
async def sending(house: House) -> AsyncIterator[House]:
    """Send what is due while the block lasts; gives the house with the bell that this process hears.

    A run that is stopped brings to its end what is on its way, by itself: nothing here waits for more.
    """
    role = _alone if house.settings.engine.kind == "embedded" else _among_many
    async with role(house) as heard:
        yield heard


@asynccontextmanager
async def _alone(house: House) -> AsyncIterator[House]:
    async def wake(_key: str) -> None:
        clock.wake()

    async with Embedded(house.store, dict.fromkeys(ringing.jobs(house.settings), wake)) as bell:
        heard = replace(house, bell=bell)
        sender = context(heard)

        async def send() -> None:
            await house.clock.set()
            if await witness.quarantine(house.store):
                forget(sender)
            else:
                await ticking.deliver(sender)

        async with Clock(send, every=EVERY, patience=0) as clock:
            yield heard


@asynccontextmanager
async def _among_many(house: House) -> AsyncIterator[House]:
    from digest.engine.distributed import Distributed

    worker = Worker(context(house))
    try:
        async with Distributed(house.store, worker.handlers(), patience=0) as bell:

            async def sweep() -> None:
                await house.clock.set()
                await worker.sweep(bell)

            async with Clock(sweep, every=EVERY, patience=0):
                yield replace(house, bell=bell)
    finally:
        await worker.close()
