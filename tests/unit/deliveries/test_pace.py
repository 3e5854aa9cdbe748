"""How fast one sender writes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from digest.deliveries import flow
from digest.deliveries.pace import Pace
from digest.store import pace

from .house import NOW, opened
from .sink import Sink


def test_all_processes_share_one_rate(store_url: str) -> None:
    """Places are handed out in turn, whoever asks; an idle time gives no credit."""

    async def main() -> None:
        async with opened(store_url) as house, house.store.write() as tx:
            waits = [await pace.reserve(tx, "main", 5, rate=10, now=NOW) for _ in range(3)]
            later = NOW + timedelta(hours=1)
            other = await pace.reserve(tx, "other", 1, rate=10, now=NOW)
            assert [0.0, 0.5, 1.0] == waits
            assert 0.0 == other
            assert [0.0, 0.1] == [await pace.reserve(tx, "main", 1, rate=10, now=later) for _ in range(2)]

    asyncio.run(main())


def test_a_day_has_its_allowance(store_url: str) -> None:
    """What is spent is gone until the next day (UTC)."""

    async def main() -> None:
        async with opened(store_url) as house, house.store.write() as tx:
            assert 100 == await pace.left(tx, "main", per_day=100, now=NOW)
            await pace.spend(tx, "main", 70, now=NOW)
            assert 30 == await pace.left(tx, "main", per_day=100, now=NOW)
            await pace.spend(tx, "main", 31, now=NOW)
            assert 0 == await pace.left(tx, "main", per_day=100, now=NOW)
            assert 100 == await pace.left(tx, "main", per_day=100, now=NOW + timedelta(days=1))

    asyncio.run(main())


def test_a_claim_is_a_second_and_spread_evenly(url: str) -> None:
    """At 4 a second four are claimed, and go a quarter of a second apart."""
    time = 0.0
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        nonlocal time
        time += seconds
        slept.append(round(seconds, 3))

    async def main() -> None:
        async with opened(url) as house:
            mine = Pace("main", 4.0, None, clock=lambda: NOW, monotonic=lambda: time, sleep=sleep)
            async with house.store.write() as tx:
                assert 4 == await mine.room(tx)
                await mine.reserve(tx, 4)
            for _ in range(4):
                await mine.take()

    asyncio.run(main())
    assert [0.25, 0.25, 0.25] == slept


def test_unlimited_and_slow_claims(url: str) -> None:
    """Without a rate a claim is still small; at less than one a second it is one."""

    async def main() -> None:
        async with opened(url) as house, house.store.write() as tx:
            rooms = [await Pace("main", rate, None).room(tx) for rate in (None, 1000.0, 0.2)]
            assert [100, 100, 1] == rooms

    asyncio.run(main())


def test_a_mailing_larger_than_the_day(url: str) -> None:
    """The rest stays owed until tomorrow."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            house.clock.at = datetime.now(UTC)
            await house.people(80)
            await house.seal()
            report = await flow.run_due(house.context(sink.url, per_day=30))
            assert (30, 50) == (report.accepted, report.owed)
            assert report.next_due
            assert (report.next_due.hour, report.next_due.minute) == (0, 0)
            assert 30 == len(sink.taken)

    asyncio.run(main())


def test_a_rate_is_kept_over_the_wire(url: str) -> None:
    """12 letters at 40 a second take their time, over however many connections."""

    async def main() -> float:
        async with opened(url) as house, Sink() as sink:
            await house.people(12)
            await house.seal()
            loop = asyncio.get_running_loop()
            begun = loop.time()
            assert 12 == (await flow.run_due(house.context(sink.url, rate="40/s", connections=4))).accepted
            return loop.time() - begun

    assert asyncio.run(main()) >= 11 / 40
