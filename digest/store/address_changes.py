"""A subscriber's new address: asked for, made, and taken back while it can be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, insert, or_, select, update

from digest.store.database import Tx
from digest.store.schema import address_changes

_C = address_changes.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`handle` stands for it in links; `email` is the new address, `was_email` the one before."""

    handle: str
    subscriber_id: int
    email: str
    email_norm: str
    was_email: str
    was_norm: str
    asked_at: datetime
    done_at: datetime | None = None
    undone_at: datetime | None = None


async def add(tx: Tx, change: Change) -> None:
    await tx.execute(insert(address_changes).values({name: getattr(change, name) for name in Change.__slots__}))


async def get(tx: Tx, handle: str) -> Change | None:
    query = select(*(_C[name] for name in Change.__slots__)).where(_C.handle == handle)
    row = (await tx.execute(query)).mappings().one_or_none()
    return Change(**row) if row else None


async def of(tx: Tx, subscriber: int) -> tuple[Change, ...]:
    """All that are remembered of somebody, the oldest first."""
    query = select(*(_C[name] for name in Change.__slots__)).where(_C.subscriber_id == subscriber).order_by(_C.id)
    return tuple(Change(**row) for row in (await tx.execute(query)).mappings())


async def asked(tx: Tx, subscriber: int, email_norm: str, since: datetime) -> Change | None:
    """The same change, if it was asked for since then and not made yet."""
    mine = and_(_C.subscriber_id == subscriber, _C.email_norm == email_norm, _C.done_at.is_(None))
    query = select(_C.handle).where(mine, _C.asked_at >= since).order_by(_C.id.desc()).limit(1)
    found = (await tx.execute(query)).scalar_one_or_none()
    return await get(tx, found) if found else None


async def done(tx: Tx, change: Change, now: datetime) -> None:
    await tx.execute(update(address_changes).where(_C.handle == change.handle).values(done_at=now))


async def undone(tx: Tx, change: Change, now: datetime) -> None:
    """Taken back, and with it whatever the subscriber's address was changed to since."""
    since = and_(_C.subscriber_id == change.subscriber_id, _C.done_at >= change.done_at)
    await tx.execute(update(address_changes).where(since, _C.undone_at.is_(None)).values(undone_at=now))


async def tidy(tx: Tx, *, asked_before: datetime, done_before: datetime) -> None:
    """Forget what was asked for and never made, and what can no longer be taken back."""
    waiting = and_(_C.done_at.is_(None), _C.asked_at < asked_before)
    await tx.execute(delete(address_changes).where(or_(waiting, _C.done_at < done_before)))
