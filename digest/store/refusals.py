"""Deliveries refused because nobody has the address: found by mailing, owed once more, or told to suppressions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, func, or_, select, update

from digest.model.deliveries import DeliveryState, Reason, Shard, millis
from digest.store.database import Tx, among, many
from digest.store.schema import deliveries, delivery_events, subscribers
from digest.store.shards import inside

_E = delivery_events.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Hard:
    """One such refusal; `attempts` is how often it was said in this mailing, and `email` normalised."""

    subscriber: int
    email: str
    attempts: int


async def hard(tx: Tx, mailing: int) -> tuple[Hard, ...]:
    """Those of a mailing that nothing has come of yet."""
    people = delivery_events.join(subscribers, subscribers.c.id == _E.subscriber_id)
    query = select(_E.subscriber_id, subscribers.c.email_norm, _E.attempts).select_from(people)
    query = query.where(_open(mailing), subscribers.c.email_norm.is_not(None)).order_by(_E.subscriber_id)
    return tuple(Hard(subscriber=who, email=email, attempts=count) for who, email, count in await tx.execute(query))


async def answered(tx: Tx, mailing: int, domain: str) -> tuple[int, int]:
    """How many of a domain accepted, and how many refused, in a mailing; looks at all of its deliveries."""
    state = deliveries.c.state
    query = select(state, func.count()).select_from(_people()).where(_at(domain), deliveries.c.mailing_id == mailing)
    query = query.where(or_(state != DeliveryState.REJECTED, ~_is_ours()))
    counts = {DeliveryState(each): int(count) for each, count in await tx.execute(query.group_by(state))}
    return counts.get(DeliveryState.ACCEPTED, 0), counts.get(DeliveryState.REJECTED, 0)


async def ours(tx: Tx, shard: Shard) -> int:
    """How many of a shard were rejected by ourselves, and no relay was asked about them."""
    query = select(func.count()).select_from(deliveries)
    query = query.where(inside(shard), deliveries.c.state == DeliveryState.REJECTED, _is_ours())
    return int((await tx.execute(query)).scalar_one())


async def accepted_before(tx: Tx, domain: str) -> bool:
    """Whether a domain ever took a letter."""
    taken = deliveries.c.state == DeliveryState.ACCEPTED
    query = select(deliveries.c.mailing_id).select_from(_people()).where(_at(domain), taken).limit(1)
    return (await tx.execute(query)).first() is not None


async def owe_again(tx: Tx, mailing: int, ids: Collection[int], at: datetime) -> None:
    """Try these once more at that time: they were not believed."""
    refused = (deliveries.c.mailing_id == mailing) & (deliveries.c.state == DeliveryState.REJECTED)
    chosen = refused & among(tx.dialect.name, deliveries.c.subscriber_id)
    await tx.execute(
        update(deliveries).where(chosen).values(state=int(DeliveryState.DEFERRED), at=millis(at)), many(tx, ids)
    )


async def resolve(tx: Tx, mailing: int, ids: Collection[int], now: datetime, resolution: str) -> None:
    """Say what has come of them."""
    chosen = _open(mailing) & among(tx.dialect.name, _E.subscriber_id)
    await tx.execute(
        update(delivery_events).where(chosen).values(resolved_at=now, resolution=resolution), many(tx, ids)
    )


def _open(mailing: int) -> ColumnElement[bool]:
    nobody = (_E.kind == "rejected") & (_E.reason == Reason.NOBODY)
    return (_E.mailing_id == mailing) & nobody & _E.resolved_at.is_(None)


def _is_ours() -> ColumnElement[bool]:
    """That a rejected delivery was so by our own word: a relay's has a code."""
    its = (_E.mailing_id == deliveries.c.mailing_id) & (_E.subscriber_id == deliveries.c.subscriber_id)
    said = its & (_E.kind == "rejected") & (_E.code == 0)
    return select(_E.id).where(said).correlate(deliveries).exists()


def _people() -> FromClause:
    return deliveries.join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)


def _at(domain: str) -> ColumnElement[bool]:
    return subscribers.c.email_norm.endswith(f"@{domain}", autoescape=True)
