"""Items that their source does not show any more: missed for a while, then buried."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update

from digest.store.database import Tx, parts
from digest.store.schema import item_aliases, items


async def absent(
    tx: Tx, source_id: int, *, since: datetime, seen: Iterable[str], limit: int
) -> tuple[tuple[int, str, datetime | None], ...]:
    """(row id, number, missing since) of items dated since then that go by a number (`wp:12`) and were not seen.

    Those missed before come first, then the newest.
    """
    known = seen if isinstance(seen, set) else set(seen)
    query = (
        select(items.c.id, item_aliases.c.alias, items.c.missing_at, items.c.ident)
        .join(item_aliases, item_aliases.c.item_id == items.c.id)
        .where(items.c.source_id == source_id, items.c.published_at >= since, items.c.deleted_at.is_(None))
        .where(item_aliases.c.alias.startswith("wp:"))
        .order_by(items.c.missing_at.is_(None), items.c.published_at.desc())
    )
    found = [row for row in await tx.execute(query) if row.ident not in known and row.alias not in known]
    return tuple((row.id, row.alias.removeprefix("wp:"), row.missing_at) for row in found[:limit])


async def missing(tx: Tx, ids: Iterable[int], at: datetime | None) -> None:
    """Note since when items are missing at their source; None when they are there again."""
    for part in parts(sorted(set(ids))):
        await tx.execute(update(items).where(items.c.id.in_(part)).values(missing_at=at))


async def bury(tx: Tx, ids: Iterable[int], at: datetime) -> tuple[int, ...]:
    """Make tombstones of these items; the announcements they belong to."""
    raised: set[int] = set()
    for part in parts(sorted(set(ids))):
        dead = update(items).where(items.c.id.in_(part), items.c.deleted_at.is_(None)).values(deleted_at=at)
        raised.update((await tx.execute(dead.returning(items.c.announcement_id))).scalars())
    return tuple(sorted(raised))
