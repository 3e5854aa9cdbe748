"""Shards: ranges of a mailing's deliveries, and the counters that pages read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, select, update

from digest.model.deliveries import DeliveryState, Shard, millis, moment
from digest.store.database import Tx
from digest.store.mailings import running
from digest.store.ready import Ready
from digest.store.schema import deliveries, mailings, shards

HELD = 2**62
"""In `deliveries.at`: due only when somebody says so."""

_STATE = deliveries.c.state
_SENT_NOW = (DeliveryState.OWED, DeliveryState.SENDING)
_LATER = (DeliveryState.DEFERRED, DeliveryState.UNCERTAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How a mailing or a shard stands; `owed` includes what is on its way this second."""

    owed: int = 0
    accepted: int = 0
    deferred: int = 0
    rejected: int = 0
    uncertain: int = 0
    withdrawn: int = 0

    @property
    def audience(self) -> int:
        return sum(getattr(self, field.name) for field in fields(self))

    @property
    def waiting(self) -> int:
        """Those that are not over."""
        return self.owed + self.deferred + self.uncertain

    @property
    def answered(self) -> int:
        """Attempts that a relay answered, for good or ill."""
        return self.accepted + self.deferred + self.rejected + self.uncertain

    def plus(self, other: Counts) -> Counts:
        """The sum of both."""
        names = (field.name for field in fields(self))
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in names})


NAMES = tuple(field.name for field in fields(Counts))
"""Of the counters."""
_OF = {state: state.name.lower() for state in DeliveryState} | {DeliveryState.SENDING: "owed"}


async def count(tx: Tx, mailing: int) -> int:
    """How many a mailing has."""
    query = select(func.count()).select_from(shards).where(shards.c.mailing_id == mailing)
    return int((await tx.execute(query)).scalar_one())


async def due_digests(tx: Tx, now: datetime, *, mailing: int | None = None) -> tuple[str, ...]:
    """Digests with a shard that somebody should send now."""
    query = select(mailings.c.digest).join_from(shards, mailings, mailings.c.id == shards.c.mailing_id)
    query = query.where(_due(now, mailing)).distinct().order_by(mailings.c.digest)
    return tuple((await tx.execute(query)).scalars())


async def due(
    tx: Tx, now: datetime, *, digests: Collection[str], mailing: int | None = None, limit: int = 16
) -> tuple[Shard, ...]:
    """Shards that somebody should send now: due, of a running mailing, and under nobody's lease.

    Mailings take turns, so that a small one does not wait behind a large.
    """
    query = select(*shards.c).join_from(shards, mailings, mailings.c.id == shards.c.mailing_id)
    query = query.where(_due(now, mailing), mailings.c.digest.in_(digests))
    rows = await tx.execute(query.order_by(shards.c.number, shards.c.mailing_id).limit(limit))
    return tuple(shard_of(row._mapping) for row in rows)


async def next_due(tx: Tx, *, mailing: int | None = None, without: Collection[str] = ()) -> datetime | None:
    """When a running mailing has something due next, leases in the way included; None for never.

    Not those of the digests `without`.
    """
    free = case((shards.c.leased_until > shards.c.next_due, shards.c.leased_until), else_=shards.c.next_due)
    query = select(func.min(free)).join_from(shards, mailings, mailings.c.id == shards.c.mailing_id)
    query = query.where(running(), shards.c.next_due.is_not(None), mailings.c.digest.not_in(without))
    if mailing is not None:
        query = query.where(shards.c.mailing_id == mailing)
    at = (await tx.execute(query)).scalar_one_or_none()
    return None if at is None else moment(at)


async def recount(tx: Tx, shard: Shard, now: datetime, *, not_before: datetime | None = None) -> Counts:
    """Write a shard's counters and its next due time anew from its rows, some thousand at most.

    `not_before` puts off what is owed: a day's allowance is used up.
    """
    totals = dict.fromkeys(NAMES, 0)
    times: list[int] = []
    values = {"mailing": shard.mailing, "first": shard.first, "last": shard.last}
    for state, count, at in await _counting().rows(tx, values):
        totals[_OF[DeliveryState(state)]] += count
        if state in _SENT_NOW:
            times.append(millis(now))
        elif state in _LATER and at < HELD:
            times.append(at)
    due = min(times, default=None)
    if due is not None and not_before is not None:
        due = max(due, millis(not_before))
    counted = {f"to_{name}": total for name, total in totals.items()}
    await _recounting().change(tx, known(shard) | counted | {"due": due})
    return Counts(**totals)


@cache
def _counting() -> Ready:
    here = deliveries.c.subscriber_id.between(bindparam("first"), bindparam("last"))
    query = select(_STATE, func.count(), func.min(deliveries.c.at)).group_by(_STATE)
    return Ready(query.where(deliveries.c.mailing_id == bindparam("mailing"), here))


@cache
def _recounting() -> Ready:
    totals: dict[str, Any] = {name: bindparam(f"to_{name}") for name in NAMES}
    return Ready(update(shards).where(this()).values(**totals, next_due=bindparam("due")))


async def counts(tx: Tx, mailing: int | None = None, *, number: int | None = None, but: int | None = None) -> Counts:
    """A mailing's standing, or one shard's, or that of all `but` one, or everybody's, from the counters."""
    query = select(*(func.coalesce(func.sum(shards.c[name]), 0).label(name) for name in NAMES))
    if mailing is not None:
        query = query.where(shards.c.mailing_id == mailing)
    if number is not None:
        query = query.where(shards.c.number == number)
    if but is not None:
        query = query.where(shards.c.number != but)
    row = (await tx.execute(query)).one()
    return Counts(**{name: int(value) for name, value in row._mapping.items()})


async def of(tx: Tx, mailing: int, numbers: Sequence[int] = ()) -> tuple[Shard, ...]:
    """A mailing's shards, all or those numbered."""
    query = select(shards).where(shards.c.mailing_id == mailing).order_by(shards.c.number)
    if numbers:
        query = query.where(shards.c.number.in_(numbers))
    return tuple(shard_of(row._mapping) for row in await tx.execute(query))


async def at_work(tx: Tx, now: datetime) -> frozenset[int]:
    """The mailings that somebody is sending: those with a lease that runs."""
    query = select(shards.c.mailing_id).where(shards.c.leased_until > millis(now)).distinct()
    return frozenset((await tx.execute(query)).scalars())


async def owned(tx: Tx, owner: str) -> tuple[Shard, ...]:
    """The shards whose lease is, or was last, `owner`'s."""
    rows = await tx.execute(
        select(shards).where(shards.c.owner == owner).order_by(shards.c.mailing_id, shards.c.number)
    )
    return tuple(shard_of(row._mapping) for row in rows)


def inside(shard: Shard) -> ColumnElement[bool]:
    """The rows of `deliveries` that are a shard's."""
    mine = deliveries.c.mailing_id == shard.mailing
    return mine & deliveries.c.subscriber_id.between(shard.first, shard.last)


def _due(now: datetime, mailing: int | None) -> ColumnElement[bool]:
    due = running() & (shards.c.next_due <= millis(now)) & (shards.c.leased_until < millis(now))
    return due if mailing is None else due & (shards.c.mailing_id == mailing)


def this() -> ColumnElement[bool]:
    """One shard, by the values of `known`."""
    return (shards.c.mailing_id == bindparam("mailing")) & (shards.c.number == bindparam("at"))


def known(shard: Shard) -> dict[str, object]:
    """The values of `this` for a shard."""
    return {"mailing": shard.mailing, "at": shard.number}


def shard_of(row: Mapping[Any, Any]) -> Shard:
    """What a row of the table says."""
    return Shard(
        mailing=row["mailing_id"],
        number=row["number"],
        first=row["first"],
        last=row["last"],
        owner=row["owner"],
        leased_until=moment(row["leased_until"]) if row["leased_until"] else None,
        next_due=None if row["next_due"] is None else moment(row["next_due"]),
    )
