"""Folding old mailings: each delivery of one that is long over is forgotten, its totals and failures are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from digest.model.deliveries import MailingStatus
from digest.store import partitions
from digest.store.database import Store, Tx
from digest.store.schema import deliveries, mailings, shards

AT_ONCE = 20
"""Shards in one transaction: nobody else waits long for the ledger."""
_OVER = (MailingStatus.SENT, MailingStatus.CANCELLED)
_TOTALS = ("owed", "accepted", "deferred", "rejected", "uncertain", "withdrawn")


async def fold(store: Store, before: datetime) -> int:
    """Fold the mailings that ended before then; how many. One with a doubt that nobody has settled stays as it is.

    Cut short, it goes on where it was.
    """
    async with store.read() as tx:
        old = await _old(tx, before)
    for mailing in old:
        await _fold(store, mailing)
    if old:
        async with store.write() as tx:
            living = await tx.execute(select(mailings.c.id).where(mailings.c.folded.is_(False)))
            await partitions.drop(tx, frozenset(living.scalars()), old[-1])
    return len(old)


async def _old(tx: Tx, before: datetime) -> Sequence[int]:
    open_ = select(shards.c.mailing_id).where(shards.c.owed + shards.c.deferred + shards.c.uncertain > 0)
    query = select(mailings.c.id).where(mailings.c.status.in_(_OVER), mailings.c.ended_at < before)
    query = query.where(mailings.c.folded.is_(False), mailings.c.id.not_in(open_))
    return (await tx.execute(query.order_by(mailings.c.id))).scalars().all()


async def _fold(store: Store, mailing: int) -> None:
    async with store.read() as tx:
        query = select(shards.c.first, shards.c.last).where(shards.c.mailing_id == mailing)
        ranges = (await tx.execute(query.order_by(shards.c.first))).all()
    for start in range(0, len(ranges), AT_ONCE):
        part = ranges[start : start + AT_ONCE]
        inside = deliveries.c.subscriber_id.between(part[0].first, part[-1].last)
        async with store.write() as tx:
            await tx.execute(delete(deliveries).where(deliveries.c.mailing_id == mailing, inside))
    async with store.write() as tx:
        await _total(tx, mailing)
        await tx.execute(update(mailings).where(mailings.c.id == mailing).values(folded=True))


async def _total(tx: Tx, mailing: int) -> None:
    """One shard in place of many, with the sum of what they counted."""
    mine = shards.c.mailing_id == mailing
    sums = (func.sum(shards.c[name]).label(name) for name in _TOTALS)
    ends = func.min(shards.c.first).label("first"), func.max(shards.c.last).label("last")
    row = (await tx.execute(select(*ends, *sums).where(mine))).mappings().one()
    if row["first"] is not None:
        await tx.execute(delete(shards).where(mine))
        await tx.execute(insert(shards).values(mailing_id=mailing, number=0, **row))
