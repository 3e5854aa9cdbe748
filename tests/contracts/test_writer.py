"""The ledger's transactions that write, on SQLite: one after the other, by whichever way they come."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from digest.errors import StoreError
from digest.store import migrate, writer
from digest.store.database import Store, Tx, connect
from digest.store.schema import counters, shards

SHARD = {"number": 0, "first": 1, "last": 2, "owner": "", "leased_until": 0}


def run_on(folder: Path, scenario: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        store = connect(f"sqlite:///{folder / 'digest.db'}")
        try:
            await migrate.upgrade(store)
            await scenario(store)
        finally:
            await store.close()

    asyncio.run(main())


async def _add(tx: Tx, name: str) -> None:
    await tx.execute(insert(counters).values(name=name, value=1))


async def _names(store: Store) -> set[str]:
    async with store.read() as tx:
        return set((await tx.execute(select(counters.c.name))).scalars()) & {"first", "second", "third"}


def test_each_waits_for_those_before_it(tmp_path: Path) -> None:
    """A step aside gets into no open transaction, nor does one into a step: in the order they were asked for."""

    async def scenario(store: Store) -> None:
        done: list[str] = []

        async def aside(name: str) -> None:
            await store.carry_out(lambda tx: _add(tx, name))
            done.append(name)

        async def open_long() -> None:
            async with store.write() as tx:
                await _add(tx, "third")
            done.append("third")

        with pytest.raises(ValueError, match="given up"):
            async with store.write() as tx:
                await _add(tx, "first")
                later = [asyncio.create_task(aside("second")), asyncio.create_task(open_long())]
                await asyncio.sleep(0.05)
                assert [] == done
                raise ValueError("given up")
        await asyncio.gather(*later)
        assert (["second", "third"], {"second", "third"}) == (done, await _names(store))

    run_on(tmp_path, scenario)


def test_nobody_waits_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever keeps the writer too long is told of by those who wait, with the ledger's name; and then it goes on."""
    monkeypatch.setattr(writer, "PATIENCE", 0.05)

    async def scenario(store: Store) -> None:
        async with store.write():
            with pytest.raises(StoreError, match=r"digest\.db: another transaction has kept the writer") as aside:
                await store.carry_out(lambda tx: _add(tx, "first"))
            with pytest.raises(StoreError, match="another transaction has kept the writer"):
                async with store.write():
                    pass
            assert str(tmp_path) in str(aside.value)
        await store.carry_out(lambda tx: _add(tx, "second"))
        assert {"second"} == await _names(store)

    run_on(tmp_path, scenario)


def test_nobody_waits_for_ever_behind_those_who_have_waited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also whoever comes in the moment in which the writer is free, but another's turn."""
    monkeypatch.setattr(writer, "PATIENCE", 1.0)

    async def scenario(store: Store) -> None:
        over = asyncio.Event()

        async def long() -> None:
            async with store.write():
                await over.wait()

        async with store.write():
            next_one = asyncio.create_task(long())
            await asyncio.sleep(0)
        with pytest.raises(StoreError, match="another transaction has kept the writer"):
            async with asyncio.timeout(30):
                await store.carry_out(lambda tx: _add(tx, "first"))
        over.set()
        await next_one
        assert set() == await _names(store)

    run_on(tmp_path, scenario)


def test_a_connection_that_was_dropped_is_opened_anew(tmp_path: Path) -> None:
    """A task that is cancelled in the middle of a transaction takes its connection along, and nothing of it stays."""

    async def scenario(store: Store) -> None:
        async def breaks_off() -> None:
            async with store.write() as tx:
                await _add(tx, "first")
                begun.set()
                await asyncio.sleep(60)

        begun = asyncio.Event()
        await store.carry_out(lambda tx: _add(tx, "second"))
        task = asyncio.create_task(breaks_off())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await store.writer.dispose()
        await store.carry_out(lambda tx: _add(tx, "third"))
        assert {"second", "third"} == await _names(store)

    run_on(tmp_path, scenario)


def test_what_is_about_to_be_committed_is_heard_before(tmp_path: Path) -> None:
    """On the loop, once, also where the commit then fails; and not at all where the work itself does."""

    async def scenario(store: Store) -> None:
        heard: list[tuple[str, bool]] = []

        def soon(name: str) -> None:
            heard.append((name, threading.current_thread() is threading.main_thread()))

        async def work(tx: Tx, name: str, parent: int | None = None) -> str:
            await _add(tx, name)
            if parent:
                # What a foreign key refuses, though only when it is committed.
                await tx.execute(text("PRAGMA defer_foreign_keys = ON"))
                await tx.execute(insert(shards).values(SHARD | {"mailing_id": parent}))
            return name

        async def fails(tx: Tx) -> str:
            raise ValueError(await work(tx, "third"))

        assert "first" == await store.carry_out(lambda tx: work(tx, "first"), soon=soon)
        with pytest.raises(IntegrityError):
            await store.carry_out(lambda tx: work(tx, "second", parent=7), soon=soon)
        with pytest.raises(ValueError, match="third"):
            await store.carry_out(fails, soon=soon)
        assert ([("first", True), ("second", True)], {"first"}) == (heard, await _names(store))

    run_on(tmp_path, scenario)
