"""Where PostgreSQL keeps deliveries: a few mailings to a partition, made ahead, and dropped when all of it is old.

Partitions are filled to a half, so that a delivery that changes twice finds room beside itself, and vacuumed
early. A mailing whose partition was not made in time goes into the one for the rest.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from digest.store.database import Store, Tx
from digest.store.schema import mailings
from digest.store.schema.mail import STORED

SPAN = 8
"""Mailings to a partition."""
AHEAD = 2
"""Partitions that wait for mailings to come."""
_LOCK = 0x64696766
_THERE = text("SELECT relid::regclass::text FROM pg_partition_tree('deliveries') WHERE level = 1")


async def ahead(store: Store) -> int:
    """Make the partitions of the mailings to come; how many. Never in a transaction that seals; never waits long."""
    if store.is_sqlite:
        return 0
    async with store.read() as tx:
        missing = await _missing(tx)
    made = 0
    for first in missing:
        made += await _make(store, first)
    return made


async def show(store: Store, mailing: int) -> None:
    """Let the planner see what a mailing's partition holds: unseen, it looks up each person of a claim by itself.

    The database would come to it, but when a minute of sending is over.
    """
    if store.is_sqlite:
        return
    first = mailing // SPAN * SPAN
    async with store.write() as tx:
        if first in await there(tx):
            await tx.execute(text(f"ANALYZE {_name(first)}"))


async def drop(tx: Tx, living: Collection[int], last: int) -> int:
    """Drop the partitions before mailing `last` that hold none of the `living`; how many."""
    if tx.dialect.name == "sqlite":
        return 0
    gone = [
        first
        for first in await there(tx)
        if first + SPAN <= last and not any(each in living for each in range(first, first + SPAN))
    ]
    for first in gone:
        await tx.execute(text(f"DROP TABLE {_name(first)}"))
    return len(gone)


async def there(tx: Tx) -> frozenset[int]:
    """The first mailing of each partition."""
    names = (str(name).rpartition("_")[2] for name in (await tx.execute(_THERE)).scalars())
    return frozenset(int(name) for name in names if name.isdigit())


async def _missing(tx: Tx) -> tuple[int, ...]:
    last = int((await tx.execute(select(func.coalesce(func.max(mailings.c.id), 0)))).scalar_one())
    block = (last + 1) // SPAN
    found = await there(tx)
    return tuple(first for first in range(block * SPAN, (block + AHEAD) * SPAN, SPAN) if first not in found)


async def _make(store: Store, first: int) -> bool:
    name = _name(first)
    try:
        async with store.writer.begin() as tx:
            if not (await tx.execute(select(func.pg_try_advisory_xact_lock(_LOCK)))).scalar_one():
                return False
            await tx.execute(text("SET LOCAL lock_timeout = '500ms'"))
            await tx.execute(text(f"CREATE TABLE {name} (LIKE deliveries INCLUDING ALL) WITH ({STORED})"))
            # Attached, not made in place: whoever sends meanwhile is not kept waiting.
            values = f"FROM ({first}) TO ({first + SPAN})"
            await tx.execute(text(f"ALTER TABLE deliveries ATTACH PARTITION {name} FOR VALUES {values}"))
    except DBAPIError:
        # Somebody was faster, or was in the way, or has put one of these mailings into the rest: it may stay there.
        return False
    return True


def _name(first: int) -> str:
    return f"deliveries_{first}"
