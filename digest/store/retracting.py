"""Announcements that were taken back: how, and which of some they are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update

from digest.store import minting
from digest.store.database import Tx, parts
from digest.store.schema import announcements


async def retract(tx: Tx, announcement_id: int, *, why: str, at: datetime) -> bool:
    """Take an announcement back; False when it already was."""
    still = (announcements.c.id == announcement_id) & announcements.c.retracted_at.is_(None)
    done = await tx.execute(update(announcements).where(still).values(retracted_at=at, retracted_why=why))
    if done.rowcount:
        await minting.touched(tx, [announcement_id], at=at)
    return bool(done.rowcount)


async def retracted(tx: Tx, public_ids: Iterable[str]) -> frozenset[str]:
    """Those of these that were taken back."""
    gone: set[str] = set()
    for part in parts(sorted(set(public_ids))):
        c = announcements.c
        query = select(c.public_id).where(c.public_id.in_(part), c.retracted_at.is_not(None))
        gone.update((await tx.execute(query)).scalars())
    return frozenset(gone)


async def taken_back(tx: Tx, ids: Iterable[int]) -> frozenset[int]:
    """Those of these row ids that were taken back."""
    gone: set[int] = set()
    for part in parts(sorted(set(ids))):
        c = announcements.c
        gone.update((await tx.execute(select(c.id).where(c.id.in_(part), c.retracted_at.is_not(None)))).scalars())
    return frozenset(gone)
