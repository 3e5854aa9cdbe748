"""Copying a whole store into an empty one, on either database: one view of it, in one transaction, and compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import Column, Row, Table, delete, func, insert, select, text, update

from digest.errors import StoreError
from digest.store.database import Store, Tx
from digest.store.schema import instance, metadata

_AT_ONCE = 2_000
_LOCAL = "engine"
"""In `instance`: what the job queue of one database says of itself stays there."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A table as it was read, and as it stands now: the same, or it would not have been copied."""

    table: str
    rows: int
    fingerprint: str


async def copy(source: Store, target: Store, *, replace: bool = False) -> tuple[Copied, ...]:
    """Copy every table; StoreError when the target holds anything and is not to be replaced, or when they differ.

    The source may be in use meanwhile: what is copied is how it stood at the beginning.
    """
    async with source.read() as old, target.write() as new:
        await _emptied(new, target, replace)
        copied = [await _copy(old, new, table) for table in metadata.sorted_tables]
        for each, table in zip(copied, metadata.sorted_tables, strict=True):
            found = await _summed(new, table)
            if found != each:
                raise StoreError(
                    f"{table.name} came out different: {each.rows} rows were, {found.rows} are", about=target.name
                )
        await _number_on(new)
    return tuple(copied)


async def _emptied(tx: Tx, target: Store, replace: bool) -> None:
    for table in reversed(metadata.sorted_tables):
        if replace:
            await tx.execute(_without_links(table))
            await tx.execute(delete(table).where(*_ours(table)))
        elif (await tx.execute(select(*table.primary_key).where(*_ours(table)).limit(1))).first():
            raise StoreError(
                f"is not empty: there is something in {table.name}; `db restore --replace` goes over it",
                about=target.name,
            )


async def _copy(old: Tx, new: Tx, table: Table) -> Copied:
    links = _links(table)
    total = _Sum(table)
    linked: list[dict[str, Any]] = []
    stream = await old.stream(select(table).where(*_ours(table)).order_by(*table.primary_key))
    async for part in stream.partitions(_AT_ONCE):
        total.add(part)
        rows = [dict(row._mapping) for row in part]
        linked += [row for row in rows if any(row[link.name] is not None for link in links)]
        # A row may name another of its own table that is yet to come.
        await new.execute(insert(table), [{**row, **{link.name: None for link in links}} for row in rows])
    for row in linked:
        mine = (column == row[column.name] for column in table.primary_key)
        await new.execute(update(table).where(*mine).values({link.name: row[link.name] for link in links}))
    return total.result


async def _summed(tx: Tx, table: Table) -> Copied:
    total = _Sum(table)
    async for part in (await tx.stream(select(table).where(*_ours(table)))).partitions(_AT_ONCE):
        total.add(part)
    return total.result


class _Sum:
    """Counts rows and adds up their fingerprints, in whatever order they come."""

    def __init__(self, table: Table) -> None:
        self._table = table.name
        self._rows = 0
        self._total = 0

    def add(self, rows: Sequence[Row[Any]]) -> None:
        self._rows += len(rows)
        for row in rows:
            self._total += int.from_bytes(blake2b(repr(tuple(map(_plain, row))).encode(), digest_size=16).digest())

    @property
    def result(self) -> Copied:
        return Copied(self._table, self._rows, f"{self._total % 2**128:032x}")


async def _number_on(tx: Tx) -> None:
    """PostgreSQL gives the next row the number after the last that was copied."""
    if tx.dialect.name == "sqlite":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            last = select(func.coalesce(func.max(column), 0)).scalar_subquery()
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            await tx.execute(select(func.setval(sequence, last + 1, text("false"))))


def _links(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if any(key.column.table is table for key in column.foreign_keys)]


def _without_links(table: Table) -> Any:
    links = _links(table)
    return update(table).values({link.name: None for link in links}) if links else text("SELECT 1")


def _ours(table: Table) -> Iterator[Any]:
    if table is instance:
        yield instance.c.name != _LOCAL


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value
