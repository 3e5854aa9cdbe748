"""SQLite as the ledger: one connection that writes, a few that read, a thread for each."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Self, TypeVar

import aiosqlite
from sqlalchemy import URL, Connection, StaticPool, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from digest.store.immediate import Immediate, at_once
from digest.store.writer import Writer

T = TypeVar("T")
Told = Callable[[T], object]

BUSY_MS = 10_000
_READERS = 4
_AT_ONCE = 2_000


def writer(url: URL) -> Writer:
    """The connection to the file at `url` that writes."""
    return Writer(_engine(url, writes=True).sync_engine)


def reader(url: URL) -> AsyncEngine:
    """The connections to the file at `url` that only read."""
    return _engine(url, writes=False)


def _engine(url: URL, *, writes: bool) -> AsyncEngine:
    made = create_async_engine(
        url,
        pool_size=1 if writes else _READERS,
        max_overflow=0,
        pool_timeout=60,
        hide_parameters=True,
        connect_args={"timeout": BUSY_MS / 1000, "async_creator_fn": _Connection.opened},
    )

    @event.listens_for(made.sync_engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN is deferred and then fails at once where it should wait: we send ours.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        # What is deleted is overwritten, whatever SQLite was built with: who was forgotten stands in no free page.
        cursor.execute("PRAGMA secure_delete = ON")
        if not writes:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    @event.listens_for(made.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return made


async def checkpoint(connection: Any) -> None:
    """Carry over as much as nobody uses just now (PRAGMA wal_checkpoint, PASSIVE); while no transaction is open."""
    await (await connection.execute("PRAGMA wal_checkpoint(PASSIVE)")).close()


class _Connection(aiosqlite.Connection):
    """aiosqlite's, with cursors that take fewer steps."""

    _core: Connection | None
    """The same connection without a loop."""

    @classmethod
    def opened(cls, database: str, **how: Any) -> Self:
        """What `aiosqlite.connect` gives, to be awaited."""
        with suppress(OSError):
            # Whoever made it, its addresses are for its owner: what SQLite puts beside it has the same mode.
            os.close(os.open(database, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        made = cls(partial(sqlite3.connect, database, **how), iter_chunk_size=_AT_ONCE)
        made._core = None
        # It would keep a process that has ended from ending.
        made._thread.daemon = True
        return made

    def cursor(self) -> _Cursor:  # type: ignore[override]
        return _Cursor(self)

    async def rollback(self) -> None:
        """What the pool asks of every connection that comes back: nearly always nothing is open, and no step taken."""
        if self._conn.in_transaction:
            await super().rollback()

    async def carry_out(self, work: Callable[[Any], Coroutine[Any, Any, T]], told: Told[T] | None) -> T:
        """A transaction in one step on the connection's thread; `told` there of what comes, just before its COMMIT."""
        step = asyncio.ensure_future(self._execute(self._carried_out, work, told))  # type: ignore[no-untyped-call]
        try:
            done: T = await asyncio.shield(step)
        except asyncio.CancelledError:
            # It goes on without us: nobody may touch what it works with before it is over.
            await asyncio.wait((step,))
            raise
        return done

    def _carried_out(self, work: Callable[[Any], Coroutine[Any, Any, T]], told: Told[T] | None) -> T:
        if self._core is None:
            self._core = _core(self._conn)
        tx = Immediate(self._core, self._conn)
        tx.change("BEGIN IMMEDIATE")
        try:
            done = at_once(work(tx))
            if told:
                told(done)
            tx.change("COMMIT")
        except BaseException:
            self._conn.rollback()
            raise
        return done

    def begun(self) -> sqlite3.Cursor:
        """A cursor of the driver's own; on the connection's thread only."""
        return self._conn.cursor()


def _core(connection: sqlite3.Connection) -> Connection:
    """SQLAlchemy's own, around one of the driver's that somebody else opens and closes, and begins and ends."""
    how: dict[str, Any] = {"poolclass": StaticPool, "pool_reset_on_return": None, "hide_parameters": True}
    return create_engine("sqlite://", creator=lambda: connection, **how).connect()


class _Cursor(aiosqlite.Cursor):
    """A statement and its rows in one step on the connection's thread, where aiosqlite takes four.

    Each step costs as much as a hundred rows. What is long is fetched in parts, as it is asked for.
    """

    _conn: _Connection

    def __init__(self, connection: _Connection) -> None:
        super().__init__(connection, None)  # type: ignore[arg-type]
        self._rows: list[Any] = []
        self._whole = True

    async def execute(self, sql: str, parameters: Any = None) -> Self:
        await self._step(self._run, sql, parameters or ())
        return self

    async def executemany(self, sql: str, parameters: Any) -> Self:
        await self._step(self._run_many, sql, parameters)
        return self

    async def fetchone(self) -> Any:
        return next(iter(await self.fetchmany(1)), None)

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        size = size or self.arraysize
        if len(self._rows) < size and not self._whole:
            self._rows += await self._step(self._more, max(size, _AT_ONCE))
        found, self._rows = self._rows[:size], self._rows[size:]
        return found

    async def fetchall(self) -> list[Any]:
        found, self._rows = self._rows, []
        if not self._whole:
            found += await self._step(self._cursor.fetchall)
            self._whole = True
        return found

    async def close(self) -> None:
        # A statement that has come to its end holds nothing.
        if not self._whole:
            await self._step(self._cursor.close)

    async def _step(self, work: Callable[..., T], *given: Any) -> T:
        done: T = await self._execute(work, *given)  # type: ignore[no-untyped-call]
        return done

    def _run(self, sql: str, parameters: Any) -> None:
        self._cursor = self._conn.begun().execute(sql, parameters)
        self._rows = self._more(_AT_ONCE) if self._cursor.description else []

    def _run_many(self, sql: str, parameters: Any) -> None:
        self._cursor = self._conn.begun().executemany(sql, parameters)

    def _more(self, size: int) -> list[Any]:
        rows = self._cursor.fetchmany(size)
        self._whole = len(rows) < size
        return rows
