"""What went wrong with a delivery: its failures and doubts, one row a delivery and kind, outliving the delivery."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update

from digest.model.deliveries import DeliveryState, MailingStatus, Reason, moment
from digest.store.database import Tx, among, many, upsert
from digest.store.ready import Ready
from digest.store.schema import deliveries, delivery_events, editions, mailings, subscribers
from digest.store.shards import HELD

_E = delivery_events.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What a delivery went through before, of one kind."""

    count: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A letter that may or may not have arrived: the connection, or we, died after its final dot."""

    mailing: int
    handle: str
    email: str
    digest: str
    edition: str
    """Label."""
    edition_id: int
    revision: int
    key_id: str
    sealed_at: datetime
    since: datetime
    text: str
    attempts: int
    again: datetime | None
    """When it is sent again by itself; None for only when somebody says so, or never."""
    resolved_at: datetime | None
    resolution: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """How a mailing fares at one domain; `text` is what its server said, of one of them."""

    domain: str
    rejected: int
    deferred: int
    uncertain: int
    text: str


_FAILED = {
    "rejected": ("rejected", "gave up"),
    "deferred": ("deferred", "session", "sender"),
    "uncertain": ("uncertain",),
}
"""Kinds of events by what the deliveries are."""

Past = Mapping[tuple[int, str], Attempts]


async def attempts(tx: Tx, mailing: int, ids: Collection[int]) -> Past:
    """What these subscribers' deliveries went through before, by (subscriber, kind)."""
    if not ids:
        return {}
    query = select(_E.subscriber_id, _E.kind, _E.attempts, _E.at)
    query = query.where(_E.mailing_id == mailing, among(tx.dialect.name, _E.subscriber_id))
    rows = await tx.execute(query, many(tx, ids))
    return {(row.subscriber_id, row.kind): Attempts(count=row.attempts, since=row.at) for row in rows}


async def resolve(tx: Tx, mailing: int, ids: Collection[int], now: datetime, resolution: str) -> None:
    """Close the open events of these deliveries: nearly always nothing went wrong with any, which takes one look."""
    if not ids:
        return
    rows = await _standing().rows(tx, {"mailing": mailing, "first": min(ids), "last": max(ids)})
    if theirs := {who for (who,) in rows}.intersection(ids):
        values = {"mailing": mailing, "now": now, "how": resolution} | many(tx, theirs)
        await _resolving(tx.dialect.name).change(tx, values)


@cache
def _standing() -> Ready:
    """Who has an open event, from one subscriber to another."""
    mine = and_(_E.mailing_id == bindparam("mailing"), _E.resolved_at.is_(None))
    between = _E.subscriber_id.between(bindparam("first"), bindparam("last"))
    return Ready(select(_E.subscriber_id).where(mine, between))


@cache
def _resolving(dialect: str) -> Ready:
    mine = (_E.mailing_id == bindparam("mailing")) & among(dialect, _E.subscriber_id)
    change = update(delivery_events).where(mine, _E.resolved_at.is_(None))
    return Ready(change.values(resolved_at=bindparam("now"), resolution=bindparam("how")))


async def doubts(tx: Tx, *, resolved: bool = False) -> tuple[Doubt, ...]:
    """Uncertain deliveries, oldest first; with `resolved` also those that were settled since."""
    people = delivery_events.join(subscribers, subscribers.c.id == _E.subscriber_id)
    joined = people.join(mailings, mailings.c.id == _E.mailing_id).join(
        editions, editions.c.id == mailings.c.edition_id
    )
    joined = joined.outerjoin(deliveries, _sent_again())
    query = select(
        _E.mailing_id.label("mailing"),
        subscribers.c.handle,
        subscribers.c.email,
        editions.c.digest,
        editions.c.label.label("edition"),
        mailings.c.edition_id,
        mailings.c.revision,
        mailings.c.key_id,
        mailings.c.created_at.label("sealed_at"),
        _E.at.label("since"),
        _E.text,
        _E.attempts,
        deliveries.c.at.label("again"),
        _E.resolved_at,
        _E.resolution,
    )
    query = query.select_from(joined).where(_E.kind == "uncertain").order_by(_E.at, _E.id)
    if not resolved:
        query = query.where(_E.resolved_at.is_(None))
    return tuple(_doubt(dict(row)) for row in (await tx.execute(query)).mappings())


def _doubt(row: dict[str, Any]) -> Doubt:
    again = row.pop("again")
    return Doubt(**row, again=None if again is None else moment(again))


def _sent_again() -> ColumnElement[bool]:
    """That a doubt's delivery is due by itself, of a mailing that neither stands still nor was cancelled."""
    theirs = and_(deliveries.c.mailing_id == _E.mailing_id, deliveries.c.subscriber_id == _E.subscriber_id)
    goes_on = mailings.c.status.not_in((MailingStatus.PAUSED, MailingStatus.CANCELLED))
    return and_(theirs, deliveries.c.state == DeliveryState.UNCERTAIN, deliveries.c.at < HELD, goes_on)


async def by_domain(tx: Tx, mailing: int, *, most: int) -> tuple[Trouble, ...]:
    """The domains of a mailing with most deliveries that stand with a failure, the worst first."""
    address = subscribers.c.email_norm
    at = func.instr(address, "@") if tx.dialect.name == "sqlite" else func.strpos(address, "@")
    domain = func.substr(address, at + 1).label("domain")
    failed = [func.count().filter(_E.kind.in_(kinds)).label(name) for name, kinds in _FAILED.items()]
    query = select(domain, *failed, func.max(_E.text)).join(subscribers, subscribers.c.id == _E.subscriber_id)
    query = query.where(_E.mailing_id == mailing, _open()).group_by(domain).order_by(func.count().desc(), domain)
    return tuple(Trouble(*row) for row in await tx.execute(query.limit(most)))


async def by_fault(tx: Tx, mailing: int) -> Mapping[tuple[str, str], int]:
    """How many deliveries of a mailing stand with a failure, by (kind of event, whose fault)."""
    query = select(_E.kind, _E.fault, func.count()).where(_E.mailing_id == mailing, _open())
    rows = await tx.execute(query.group_by(_E.kind, _E.fault).order_by(_E.kind, _E.fault))
    return {(kind, fault): int(count) for kind, fault, count in rows}


def _open() -> ColumnElement[bool]:
    """Events that still say how a delivery stands: no later answer has overtaken them."""
    return or_(_E.resolved_at.is_(None), _E.resolution == "suppressed")


async def remember(
    tx: Tx,
    mailing: int,
    subscriber: int,
    kind: str,
    *,
    code: int,
    text: str,
    count: int,
    now: datetime,
    reason: Reason | None = None,
) -> None:
    """Write down the latest of a kind; `at` stays the time of the first."""
    values = {"mailing_id": mailing, "subscriber_id": subscriber, "kind": kind, "code": code}
    values |= {"text": text[:500], "attempts": count, "at": now}
    values |= {"reason": str(reason or ""), "fault": str(reason.fault) if reason else ""}
    values |= {"resolved_at": None, "resolution": ""}
    changes = ["code", "text", "reason", "fault", "attempts", "resolved_at", "resolution"]
    key = ["mailing_id", "subscriber_id", "kind"]
    await tx.execute(upsert(tx, delivery_events, values, key=key, change=changes))
