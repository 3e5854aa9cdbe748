"""What every bell promises: embedded on both databases, and distributed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from structlog.testing import capture_logs

from digest.engine import distributed
from digest.engine.bell import Bell, Handlers
from digest.engine.embedded import Embedded
from digest.store import migrate
from digest.store.database import Store, connect
from digest.store.schema import instance

Drain = Callable[[], Awaitable[None]]


Opened = Callable[[Callable[[Store], Handlers]], AbstractAsyncContextManager[tuple[Store, Bell, Drain]]]


@pytest.fixture(params=["embedded-sqlite", "embedded-postgresql", "distributed"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """A store and a bell on it, of each kind in turn."""
    sqlite = request.param == "embedded-sqlite"
    url = f"sqlite:///{tmp_path}/digest.db" if sqlite else request.getfixturevalue("postgres_url")
    kind = distributed.Distributed if request.param == "distributed" else Embedded

    @asynccontextmanager
    async def ready(handlers: Callable[[Store], Handlers]) -> AsyncIterator[tuple[Store, Bell, Drain]]:
        store = connect(url)
        await migrate.upgrade(store)
        if kind is distributed.Distributed:
            await distributed.upgrade(store)
        try:
            async with kind(store, handlers(store)) as bell:
                yield store, bell, bell.drain
        finally:
            await store.close()

    return ready


def test_heard_after_commit(opened: Opened) -> None:
    """A handler sees what the transaction wrote."""
    seen: list[str | None] = []

    def handlers(store: Store) -> Handlers:
        async def job(key: str) -> None:
            async with store.read() as tx:
                row = await tx.execute(select(instance.c.value).where(instance.c.name == key))
                seen.append(row.scalar_one_or_none())

        return {"job": job}

    async def main() -> None:
        async with opened(handlers) as (store, bell, drain):
            async with store.write() as tx:
                await bell.ring(tx, "job", "thing")
                await tx.execute(insert(instance).values(name="thing", value="written"))
            await drain()

    asyncio.run(main())
    assert ["written"] == seen


def test_not_heard_when_rolled_back(opened: Opened) -> None:
    """What did not happen asks for nothing, also not with the next commit."""
    heard: list[str] = []

    async def main() -> None:
        async with opened(lambda _: {"job": listener(heard)}) as (store, bell, drain):
            with pytest.raises(LookupError):
                async with store.write() as tx:
                    await bell.ring(tx, "job", "never")
                    raise LookupError
            async with store.write() as tx:
                await bell.ring(tx, "job", "yes")
            await drain()

    asyncio.run(main())
    assert ["yes"] == heard


def test_twice_is_once(opened: Opened) -> None:
    """The same key rung twice in a transaction is heard once, another key for itself."""
    heard: list[str] = []

    async def main() -> None:
        async with opened(lambda _: {"job": listener(heard)}) as (store, bell, drain):
            async with store.write() as tx:
                for key in ("a", "b", "a"):
                    await bell.ring(tx, "job", key)
            await drain()

    asyncio.run(main())
    assert ["a", "b"] == sorted(heard)


def test_rung_while_it_runs_is_heard_again(opened: Opened) -> None:
    """A handler may have looked before the second ring's rows were there."""
    heard: list[str] = []
    begun = asyncio.Event()
    go_on = asyncio.Event()

    async def job(key: str) -> None:
        heard.append(key)
        begun.set()
        await go_on.wait()

    async def main() -> None:
        async with opened(lambda _: {"job": job}) as (store, bell, drain):
            for _ in range(3):
                async with store.write() as tx:
                    await bell.ring(tx, "job", "a")
                await asyncio.wait_for(begun.wait(), 5)
            go_on.set()
            await drain()

    asyncio.run(main())
    assert ["a", "a"] == heard


def test_a_handler_that_raises_stops_nothing(opened: Opened) -> None:
    """It is logged, and the others are heard."""
    heard: list[str] = []

    async def job(key: str) -> None:
        if key == "bad":
            raise ValueError(key)
        heard.append(key)

    async def main() -> None:
        async with opened(lambda _: {"job": job}) as (store, bell, drain):
            async with store.write() as tx:
                for key in ("bad", "good"):
                    await bell.ring(tx, "job", key)
            await drain()

    with capture_logs() as logs:
        asyncio.run(main())
    assert ["good"] == heard
    assert [("job failed", "bad")] == [(entry["event"], entry["key"]) for entry in logs]


def test_leaving_waits_for_what_runs(opened: Opened) -> None:
    """A handler that has begun ends, and later rings are not heard."""
    heard: list[str] = []
    begun = asyncio.Event()

    async def job(key: str) -> None:
        begun.set()
        await asyncio.sleep(0.05)
        heard.append(key)

    async def main() -> None:
        async with opened(lambda _: {"job": job}) as (store, bell, _drain):
            async with store.write() as tx:
                await bell.ring(tx, "job", "a")
            await asyncio.wait_for(begun.wait(), 5)

    asyncio.run(main())
    assert ["a"] == heard


def test_an_unknown_job_is_refused(opened: Opened) -> None:
    """A misspelt job fails where it is rung."""

    async def main() -> None:
        async with opened(lambda _: {}) as (store, bell, _drain), store.write() as tx:
            with pytest.raises(KeyError):
                await bell.ring(tx, "jbo", "a")

    asyncio.run(main())


def listener(heard: list[str]) -> Callable[[str], Awaitable[None]]:
    async def job(key: str) -> None:
        heard.append(key)

    return job


LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT count(*) FROM n"


def test_a_write_that_is_given_up_ends_as_such(opened: Opened) -> None:
    """Whoever is told to stop in the middle of a statement stops, its ring is not heard, and the next write goes on."""
    heard: list[str] = []

    def handlers(_store: Store) -> Handlers:
        async def job(key: str) -> None:
            heard.append(key)

        return {"job": job}

    async def main() -> None:
        async with opened(handlers) as (store, bell, drain):

            async def long(begun: asyncio.Event) -> None:
                async with store.write() as tx:
                    await bell.ring(tx, "job", "given up")
                    begun.set()
                    await tx.execute(text(LONG))

            task = asyncio.create_task(long(begun := asyncio.Event()))
            await begun.wait()
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            async with store.write() as tx:
                await bell.ring(tx, "job", "next")
            await drain()

    asyncio.run(main())
    assert ["next"] == heard
