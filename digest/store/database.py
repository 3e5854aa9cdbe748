"""Opening the ledger: one writer and separate readers, on SQLite or PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Table, Text, any_, bindparam, cast, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from digest.errors import StoreError
from digest.store import sqlite as embedded
from digest.store.glancing import glance, glancer
from digest.store.writer import Writer

T = TypeVar("T")
V = TypeVar("V")
Tx = AsyncConnection
"""An open transaction; verbs take it first and never commit."""

DIARY = "digest_diary"
"""The option of a writer that names the file beside the witness."""


@dataclass(frozen=True, slots=True)
class Store:
    """The ledger, open. `write` is serialised on SQLite by one connection; `read` never blocks it."""

    url: str
    writer: AsyncEngine
    reader: AsyncEngine
    glancer: Engine | None = None

    @property
    def name(self) -> str:
        """Its URL as it was declared, but for the password."""
        return make_url(self.url).render_as_string(hide_password=True)

    @property
    def is_sqlite(self) -> bool:
        return self.writer.dialect.name == "sqlite"

    @property
    def folder(self) -> Path | None:
        """Where the SQLite file stands; None on PostgreSQL."""
        return sqlite_path(self.url).parent if self.is_sqlite else None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """A transaction that commits when the block ends and rolls back when it raises."""
        with _translated(self.url):
            async with self.writer.begin() as tx:
                yield tx

    async def carry_out(
        self,
        work: Callable[[Tx], Coroutine[Any, Any, T]],
        *,
        aside: bool = True,
        soon: Callable[[T], object] | None = None,
    ) -> T:
        """What `work` comes to in a transaction of `write`.

        `aside`: on SQLite it is one step on the connection's thread, where each statement by itself costs as much as a
        hundred rows. Then it awaits verbs, and nothing that belongs to the loop; and `soon` hears on the loop what is
        about to be committed, to make ready for it while the disk writes: it may still fail.
        """
        if aside and isinstance(self.writer, Writer):
            with _translated(self.url):
                return await self.writer.carry_out(work, soon)
        async with self.write() as tx:
            return await work(tx)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """A transaction that only reads, one consistent view."""
        with _translated(self.url):
            async with self.reader.begin() as tx:
                yield tx

    async def checkpoint(self) -> None:
        """Carry what was written over into the file of SQLite, while others write.

        Else some commit does, and holds the writer for as long as the disk takes.
        """
        if self.is_sqlite:
            async with self.reader.connect() as connection:
                await embedded.checkpoint((await connection.get_raw_connection()).driver_connection)

    @asynccontextmanager
    async def glance(self, *, once: bool = False) -> AsyncIterator[Tx]:
        """The same for a few rows by their key, as a page needs them: on SQLite the loop itself reads them.

        `once`: by one statement, which costs least.
        """
        if self.glancer is None:
            async with self.read() as tx:
                yield tx
            return
        with _translated(self.url), glance(self.glancer, once=once) as tx:
            yield tx

    async def close(self) -> None:
        if self.glancer:
            self.glancer.dispose()
        await self.reader.dispose()
        await self.writer.dispose()


def connect(url: str, *, diary: Path | None = None) -> Store:
    """The store at `url` ("sqlite:///var/digest.db" or "postgresql://…"); opens nothing yet.

    What no backup may forget is also written to `diary`.
    """
    store = _connect(url)
    store.writer.sync_engine.update_execution_options(**{DIARY: diary})
    return store


def _connect(url: str) -> Store:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        sqlite_path(url).parent.mkdir(parents=True, exist_ok=True)
        target = parsed.set(drivername="sqlite+aiosqlite")
        return Store(url, embedded.writer(target), embedded.reader(target), glancer(target))
    target = parsed.set(drivername="postgresql+psycopg")
    # An error is logged; the addresses that a statement was about are not.
    how: dict[str, Any] = {"pool_size": 5, "max_overflow": 5, "pool_pre_ping": True, "hide_parameters": True}
    writer, reader = create_async_engine(target, **how), create_async_engine(target, **how)
    for each in (writer, reader):
        event.listen(each.sync_engine, "connect", _without_nul)
    event.listen(reader.sync_engine, "begin", _read_only)
    return Store(url, writer, reader)


def sqlite_path(url: str) -> Path:
    """The database file of a SQLite URL."""
    return Path(make_url(url).database or "")


def insert_ignore(tx: Tx, table: Table) -> Any:
    """`INSERT … ON CONFLICT DO NOTHING`: a constraint decides who wins; add `.values(…)`."""
    return _insert(tx, table).on_conflict_do_nothing()


def among(dialect: str, column: ColumnElement[int] | ColumnElement[str]) -> ColumnElement[bool]:
    """That a number or word is one of `many`, which go in as one value: an IN of 500 costs more than its rows."""
    if dialect == "sqlite":
        return column.in_(select(func.json_each(bindparam("many")).table_valued("value").c.value))
    if column.type.python_type is int:
        return column == any_(cast(bindparam("many", type_=Text()), postgresql.ARRAY(BigInteger())))
    return column == any_(bindparam("many", type_=postgresql.ARRAY(Text())))


def many(tx: Tx, numbers: Collection[int]) -> dict[str, object]:
    """The numbers for a statement with `among`."""
    if tx.dialect.name == "sqlite":
        return {"many": json.dumps(list(numbers))}
    # A list would take the driver longer to write down than the database to find its rows.
    return {"many": f"{{{','.join(map(str, numbers))}}}"}


def many_words(tx: Tx, words: Collection[str]) -> dict[str, object]:
    """The words for a statement with `among`."""
    return {"many": json.dumps(list(words)) if tx.dialect.name == "sqlite" else list(words)}


def parts(values: Sequence[V]) -> Iterator[Sequence[V]]:
    """A sequence in pieces that fit one statement: well below the number of parameters that it may have."""
    for start in range(0, len(values), 500):
        yield values[start : start + 500]


def upsert(
    tx: Tx, table: Table, values: Mapping[str, Any], *, key: Sequence[str], change: Sequence[str] | None = None
) -> Any:
    """`INSERT … ON CONFLICT (key) DO UPDATE` of `change`, by default all that is not key."""
    statement = _insert(tx, table).values(values)
    names = change if change is not None else [name for name in values if name not in key]
    return statement.on_conflict_do_update(
        index_elements=list(key), set_={name: statement.excluded[name] for name in names}
    )


def upsert_many(tx: Tx, table: Table, *, key: Sequence[str], change: Sequence[str]) -> Any:
    """The same for many rows of one shape, which are given when it is executed."""
    statement = _insert(tx, table)
    return statement.on_conflict_do_update(
        index_elements=list(key), set_={name: statement.excluded[name] for name in change}
    )


def _insert(tx: Tx, table: Table) -> Any:
    return sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)


def _read_only(connection: Any) -> None:
    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _without_nul(connection: Any, _record: object) -> None:
    """PostgreSQL holds no NUL in a text, and refuses the statement: what strangers send has U+FFFD in its place."""
    from psycopg.types.string import StrDumperUnknown

    class Clean(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)

    connection.driver_connection.adapters.register_dumper(str, Clean)


_NEXT = {
    "database is locked": ": another process has been writing to it for long; try again",
    "disk I/O error": ": is its disk full, or gone? Then try again",
    "database or disk is full": ": make room, then try again",
}
"""What SQLite says in three words -> and what somebody is to do about it."""


class _translated:  # noqa: N801 - reads as a phrase where it is used
    """What the drivers raise about the connection becomes a StoreError that names the database."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        # A bare DatabaseError is SQLite's word for a file that is none of its own, or is damaged.
        if isinstance(error, OperationalError | InterfaceError | PoolTimeout) or type(error) is DatabaseError:
            cause = error.orig if isinstance(error, DBAPIError) else error
            about = make_url(self.url).render_as_string(hide_password=True)
            words = str(cause).strip().splitlines()[0]
            raise StoreError(words + _NEXT.get(words, ""), about=about) from error
