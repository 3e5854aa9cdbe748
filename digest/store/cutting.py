"""A mailing's deliveries cut into shards, as they come to be owed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import func, insert, literal, select, update

from digest.model.deliveries import millis
from digest.store.database import Tx
from digest.store.schema import deliveries, shards


async def grow(tx: Tx, mailing: int, *, after: int, added: int, due: datetime) -> int:
    """Put the `added` deliveries beyond `after` into the first shard; the last of them, or `after`."""
    if not added:
        return after
    begin, last = await _ends(tx, mailing, after)
    mine = (shards.c.mailing_id == mailing) & (shards.c.number == 0)
    grown = await tx.execute(update(shards).where(mine).values(last=last, owed=shards.c.owed + added))
    if not grown.rowcount:
        values = {"mailing_id": mailing, "number": 0, "first": begin, "last": last, "owed": added}
        await tx.execute(insert(shards).values(**values, next_due=millis(due)))
    return last


async def cut(tx: Tx, mailing: int, *, number: int, after: int, added: int, size: int, due: datetime) -> int:
    """Cut the `added` deliveries beyond `after` into shards of `size`, from `number` on; the last, as `grow`."""
    if not added:
        return after
    begin, last = await _ends(tx, mailing, after)
    starts = [*await _every(tx, mailing, begin, size), last + 1]
    rows = [
        {"mailing_id": mailing, "number": number + index, "first": begin, "last": end - 1}
        | {"owed": min(size, added - index * size), "next_due": millis(due)}
        for index, (begin, end) in enumerate(pairwise(starts))
    ]
    await tx.execute(insert(shards), rows)
    return last


async def _ends(tx: Tx, mailing: int, after: int) -> tuple[int, int]:
    """The first and the last of a mailing's deliveries beyond `after`; apart, each is a step in the key."""
    who = deliveries.c.subscriber_id
    ends = (func.min(who), func.max(who))
    mine = (deliveries.c.mailing_id == mailing) & (who > after)
    first, last = (await tx.execute(select(*(select(end).where(mine).scalar_subquery() for end in ends)))).one()
    return int(first), int(last)


async def _every(tx: Tx, mailing: int, begin: int, size: int) -> Sequence[int]:
    """Every `size`th of a mailing's deliveries from `begin` on; in between only the key is walked."""
    who = deliveries.c.subscriber_id
    found = select(literal(begin, deliveries.c.subscriber_id.type).label("id")).cte("found", recursive=True)
    following = select(who).where(deliveries.c.mailing_id == mailing, who >= found.c.id)
    following = following.order_by(who).limit(1).offset(size)
    found = found.union_all(select(following.scalar_subquery()).where(found.c.id.is_not(None)))
    ids = await tx.execute(select(found.c.id).where(found.c.id.is_not(None)).order_by(found.c.id))
    return ids.scalars().all()
