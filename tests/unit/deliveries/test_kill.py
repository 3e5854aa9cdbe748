"""A worker killed in the middle of a mailing."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path

import pytest

from digest.deliveries import flow

from .house import House, opened
from .sink import Sink

PEOPLE = 2000
REPOSITORY = Path(__file__).parents[3]
WORKER = """
import asyncio, sys
from digest.deliveries import flow
from digest.store.database import connect
from tests.unit.deliveries.house import Clock, House

async def main(url, relay, minutes):
    clock = Clock()
    clock.tick(minutes=float(minutes))
    house = House(connect(url), clock, 1)
    await flow.run_due(house.context(relay, connections=4))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.long
def test_killed_again_and_again(url: str) -> None:
    """Nobody is lost; whoever got two is listed as uncertain, or was."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(PEOPLE)
            await house.seal()
            for kill in range(4):
                await work_until_killed(house, sink, at=100 + kill * 400)
            report = await flow.run_due(house.context(sink.url))
            async with house.store.write() as tx:
                await flow.retry(tx, now=house.clock(), uncertain=True)
            report = await flow.run_due(house.context(sink.url))
            got = Counter(sink.recipients)
            twice = {address for address, count in got.items() if count > 1}
            assert (PEOPLE, 0, 0) == (report.counts.accepted, report.owed, report.uncertain)
            assert PEOPLE == len(got)
            assert twice <= {doubt.email for doubt in await house.doubts(resolved=True)}
            assert max(got.values()) <= 2

    asyncio.run(main())


async def work_until_killed(house: House, sink: Sink, *, at: int) -> None:
    """Run a worker in a process of its own, and kill it when so many messages have been taken."""
    minutes = str((house.clock.at - type(house.clock)().at).total_seconds() / 60)
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, house.store.url, sink.url, minutes, cwd=REPOSITORY
    )
    await sink.until(lambda sink: len(sink.taken) >= at)
    worker.kill()
    await worker.wait()
    # Whatever the kernel still holds of its connections is read before anybody looks.
    await sink.until(lambda sink: not sink.busy)
    house.clock.tick(minutes=2)
