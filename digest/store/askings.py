"""How often somebody asked to join: counted in the windows of `pace`, under names that tell of nobody."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select, update

from digest.model.deliveries import EPOCH
from digest.model.subscribers import SubscriptionState
from digest.store import pace
from digest.store.database import Tx
from digest.store.pace import DAY, HOUR
from digest.store.schema import address_changes, attributes, notes, pace_spent, subscribers, subscriptions
from digest.store.schema import pace as paces

_MARK = "join:"
_MOST = 500

_ASKED = (subscriptions.c.state == SubscriptionState.PENDING, subscriptions.c.evidence.contains('"via": "form"'))

HOURLY, DAILY = HOUR, DAY


async def allowed(tx: Tx, key: str, limit: int, window: timedelta, now: datetime) -> bool:
    """Count one asking under `key`; False when `limit` of them were within the window."""
    free, _ = await pace.left(tx, _MARK + key, limit, window, now)
    if free:
        await pace.spend(tx, _MARK + key, 1, window, now)
    return bool(free)


async def tidy(tx: Tx, now: datetime) -> None:
    """Forget what was counted more than a day ago."""
    old = int((now - timedelta(days=2) - EPOCH).total_seconds() * 1_000_000)
    await tx.execute(delete(pace_spent).where(pace_spent.c.key.startswith(_MARK), pace_spent.c.since < old))
    names = {str(key).rpartition(" ")[0] for key in (await tx.execute(select(pace_spent.c.key).distinct())).scalars()}
    keys = (await tx.execute(select(paces.c.key).where(paces.c.key.startswith(_MARK)).limit(_MOST))).scalars().all()
    gone = [key for key in keys if key not in names]
    await tx.execute(delete(paces).where(paces.c.key.in_(gone)))


async def renew(tx: Tx, subscriber: int, digest: str, now: datetime) -> None:
    """They asked by the form again: they are pending from now on, as long as the newest link is good and longer."""
    mine = (subscriptions.c.subscriber_id == subscriber) & (subscriptions.c.digest == digest)
    await tx.execute(update(subscriptions).where(mine, *_ASKED).values(changed_at=now))


async def forget_pending(tx: Tx, before: datetime) -> int:
    """Forget who asked by the form before then and never confirmed; how many. Nobody ever wrote to them but to ask."""
    waiting = (
        select(subscriptions.c.subscriber_id, subscriptions.c.digest)
        .where(subscriptions.c.changed_at < before, *_ASKED)
        .limit(_MOST)
    )
    found = (await tx.execute(waiting)).all()
    for row in found:
        mine = (subscriptions.c.subscriber_id == row.subscriber_id) & (subscriptions.c.digest == row.digest)
        await tx.execute(delete(subscriptions).where(mine))
    ids = {row.subscriber_id for row in found}
    asked = [
        subscribers.c.id.in_(ids),
        ~exists().where(subscriptions.c.subscriber_id == subscribers.c.id),
        subscribers.c.suppressed.is_(False),
    ]
    alone = (await tx.execute(select(subscribers.c.id).where(*asked))).scalars().all()
    for table in (notes, attributes, address_changes):
        await tx.execute(delete(table).where(table.c.subscriber_id.in_(alone)))
    await tx.execute(delete(subscribers).where(subscribers.c.id.in_(alone)))
    return len(found)
