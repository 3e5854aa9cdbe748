"""The digests a store knows, each with its start line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from digest.store.database import Tx, insert_ignore
from digest.store.schema import announcements, digests


async def declare(tx: Tx, slugs: Sequence[str], now: datetime) -> None:
    """Fix the start line of each digest seen for the first time: all that came before is not owed to it."""
    known = set((await tx.execute(select(digests.c.slug))).scalars())
    new = [slug for slug in slugs if slug not in known]
    if not new:
        return
    line = (await tx.execute(select(func.coalesce(func.max(announcements.c.seq), 0)))).scalar_one()
    for slug in new:
        await tx.execute(insert_ignore(tx, digests).values(slug=slug, start_line=line, created_at=now))


async def unknown(tx: Tx, slugs: Sequence[str]) -> tuple[str, ...]:
    """Those of `slugs` that have no start line yet."""
    known = set((await tx.execute(select(digests.c.slug))).scalars())
    return tuple(slug for slug in slugs if slug not in known)


async def listed(tx: Tx) -> tuple[str, ...]:
    """Every digest ever declared, by slug."""
    return tuple((await tx.execute(select(digests.c.slug).order_by(digests.c.slug))).scalars())


async def start_line(tx: Tx, slug: str) -> int:
    """The seq above which announcements are owed to the digest."""
    return int((await tx.execute(select(digests.c.start_line).where(digests.c.slug == slug))).scalar_one())
