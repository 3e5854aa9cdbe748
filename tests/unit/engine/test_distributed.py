"""What the bell of many processes does beside what every bell promises."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from digest.engine import distributed
from digest.engine.distributed import Distributed, Ringer
from digest.errors import StoreError
from digest.store import migrate
from digest.store.database import Store, connect

REPOSITORY = Path(__file__).parents[3]
LATEST = "procrastinate_trigger_function_status_events_update_v1"
"""What the last of its migrations makes."""
STUCK = """
import asyncio, sys
from digest.engine.distributed import Distributed
from digest.store.database import connect

async def job(key):
    print(key, flush=True)
    await asyncio.sleep(600)

async def main():
    async with Distributed(connect(sys.argv[1]), {"job": job}):
        await asyncio.sleep(600)

asyncio.run(main())
"""


def test_one_rings_and_another_hears(postgres_url: str) -> None:
    """A process that only rings needs nothing open; two rings at the same moment are one."""
    heard: list[str] = []

    async def job(key: str) -> None:
        heard.append(key)

    async def main() -> None:
        store = await _upgraded(postgres_url)
        ringer = Ringer(store, {"job"})
        async with store.write() as first:
            await ringer.ring(first, "job", "a")
            second = asyncio.create_task(_ring(store, ringer, "a"))
            await _waits_for_a_lock(store)
        await second
        async with Distributed(store, {"job": job}) as bell:
            await bell.drain()
        assert ["a"] == heard
        async with store.read() as tx:
            assert 0 == (await tx.execute(text("SELECT count(*) FROM procrastinate_jobs"))).scalar_one()
        await store.close()

    asyncio.run(main())


@pytest.mark.long
def test_what_a_dead_worker_was_doing_is_heard_again(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process is killed in the middle of a job; once it is missed, another does it."""
    heard: list[str] = []
    monkeypatch.setattr(distributed, "STALLED", 1.0)
    monkeypatch.setattr(distributed, "HEARTBEAT", 0.3)

    async def job(key: str) -> None:
        heard.append(key)

    async def main() -> None:
        store = await _upgraded(postgres_url)
        await _ring(store, Ringer(store, {"job"}), "a")
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", STUCK, postgres_url, stdout=asyncio.subprocess.PIPE, cwd=REPOSITORY
        )
        assert worker.stdout is not None
        assert b"a\n" == await worker.stdout.readline()
        os.kill(worker.pid, signal.SIGKILL)
        await worker.wait()
        # Rung again while the dead one still seems to be at it: one of the two is enough.
        await _ring(store, Ringer(store, {"job"}), "a")
        async with Distributed(store, {"job": job}) as bell:
            await bell.drain()
        await store.close()

    asyncio.run(main())
    assert ["a"] == heard


def test_a_queue_that_is_not_there_refuses_to_start(postgres_url: str) -> None:
    """The error says what to run; running it twice is no harm."""

    async def main() -> None:
        store = connect(postgres_url)
        await migrate.upgrade(store)
        with pytest.raises(StoreError, match="db upgrade"):
            await distributed.ready(store)
        await asyncio.gather(distributed.upgrade(store), distributed.upgrade(store))
        await distributed.ready(store)
        await store.close()

    asyncio.run(main())


def test_an_older_queue_is_brought_up(postgres_url: str) -> None:
    """Only what came after the version that is there is applied."""

    async def main() -> None:
        store = await _upgraded(postgres_url)
        async with store.write() as tx:
            await tx.execute(text(f"DROP FUNCTION {LATEST} CASCADE"))
            await tx.execute(text("UPDATE instance SET value = '03.04.00_01_pre_z' WHERE name = 'engine'"))
        await distributed.upgrade(store)
        await distributed.ready(store)
        async with store.read() as tx:
            there = text("SELECT count(*) FROM pg_proc WHERE proname = :name")
            assert 1 == (await tx.execute(there, {"name": LATEST})).scalar_one()
        await store.close()

    asyncio.run(main())


async def _upgraded(url: str) -> Store:
    store = connect(url)
    await migrate.upgrade(store)
    await distributed.upgrade(store)
    return store


async def _ring(store: Store, ringer: Ringer, key: str) -> None:
    async with store.write() as tx:
        await ringer.ring(tx, "job", key)


async def _waits_for_a_lock(store: Store) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(30):
        while True:
            async with store.read() as tx:
                if (await tx.execute(waiting)).scalar_one():
                    return
            await asyncio.sleep(0.02)
