"""The lease on a shard: the right to send it until a time, which nobody else has meanwhile."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from sqlalchemy import BindParameter, ColumnElement, bindparam, select, update

from digest.model.deliveries import Shard, millis
from digest.store.database import Tx
from digest.store.mailings import running
from digest.store.ready import Ready
from digest.store.schema import mailings, shards
from digest.store.shards import NAMES, Counts, known, shard_of, this


async def take(tx: Tx, mailing: int, number: int, *, owner: str, now: datetime, until: datetime) -> Shard | None:
    """The right to send a shard until `until`; None when it is taken, not due, or its mailing stands still."""
    values = {"mailing": mailing, "at": number, "me": owner, "now": millis(now), "until": millis(until)}
    rows = await _taking().rows(tx, values)
    return shard_of(dict(zip(shards.c.keys(), rows[0], strict=True))) if rows else None


@cache
def _taking() -> Ready:
    free = (shards.c.leased_until < bindparam("now")) & (shards.c.next_due <= bindparam("now")) & _free()
    change = update(shards).where(this(), free).values(owner=bindparam("me"), leased_until=bindparam("until"))
    return Ready(change.returning(*shards.c))


async def renew(
    tx: Tx, shard: Shard, *, owner: str, now: datetime, until: datetime, by: Counts | None = None
) -> Counts | None:
    """Keep a lease that is still one's own, and move the counters `by` what has been settled: how the shard stands.

    None when it or the mailing was stopped: then send nothing more, and `recount`.
    """
    values = known(shard) | {"me": owner, "now": millis(now), "until": millis(until)}
    moved = {f"by_{name}": getattr(by, name) if by else 0 for name in NAMES}
    rows = await _renewing().rows(tx, values | moved)
    return Counts(**dict(zip(NAMES, rows[0], strict=True))) if rows else None


@cache
def _renewing() -> Ready:
    mine = (shards.c.owner == bindparam("me")) & (shards.c.leased_until >= bindparam("now")) & _free()
    moved = {name: shards.c[name] + bindparam(f"by_{name}") for name in NAMES}
    change = update(shards).where(this(), mine).values(leased_until=bindparam("until"), **moved)
    return Ready(change.returning(*(shards.c[name] for name in NAMES)))


async def hold(tx: Tx, shard: Shard, *, owner: str) -> bool:
    """Whether nobody else has had the lease since; if so, nobody gets it before this transaction ends."""
    return await _keeping().change(tx, known(shard) | {"me": owner}) > 0


@cache
def _keeping() -> Ready:
    me: BindParameter[str] = bindparam("me")
    return Ready(update(shards).where(this(), shards.c.owner == me).values(owner=me))


async def release(tx: Tx, mailing: int, number: int, *, owner: str) -> None:
    """Give a lease back."""
    await _releasing().change(tx, {"mailing": mailing, "at": number, "me": owner})


@cache
def _releasing() -> Ready:
    return Ready(update(shards).where(this(), shards.c.owner == bindparam("me")).values(owner="", leased_until=0))


def _free() -> ColumnElement[bool]:
    """That a shard's mailing is running."""
    return select(mailings.c.id).where(mailings.c.id == shards.c.mailing_id, running()).correlate(shards).exists()
