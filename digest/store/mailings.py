"""Mailings: an edition's letters owed to its subscribers, and where that stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, insert, or_, select, update
from sqlalchemy.engine import Row

from digest.model import codec
from digest.model.deliveries import RUNNING, DeliveryState, MailingKind, MailingStatus, millis
from digest.model.subscribers import EVERYBODY, Segment
from digest.store import stopping
from digest.store.database import Tx, insert_ignore
from digest.store.schema import deliveries, editions, letters, mailings, shards


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRow:
    """A variant as sealed; `markers` is the JSON of its holes. For those who want text only its `html` is empty."""

    variant: int
    language: str
    subject: str
    html: str
    text: str
    markers: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingRow:
    id: int
    edition_id: int
    revision: int
    kind: MailingKind
    digest: str
    key_id: str
    status: MailingStatus
    audience: int
    start_at: datetime
    created_at: datetime
    active_at: datetime
    """When it last got anywhere, or was told to."""
    why: str
    upto: int | None
    """Until all deliveries are there: the last subscriber it is for."""


OUT = (int(DeliveryState.SENDING), int(DeliveryState.ACCEPTED), int(DeliveryState.UNCERTAIN))
"""A letter that was taken, or may have been."""

_COLUMNS = tuple(mailings.c[name] for name in MailingRow.__slots__)


async def add(
    tx: Tx,
    *,
    edition_id: int,
    revision: int,
    kind: MailingKind = MailingKind.EDITION,
    digest: str,
    key_id: str,
    segment: Segment = EVERYBODY,
    now: datetime,
    start_at: datetime,
) -> int | None:
    """A new mailing's id; None when the edition's revision has one of that kind already."""
    values = {"edition_id": edition_id, "revision": revision, "kind": kind, "digest": digest, "key_id": key_id}
    values |= {
        "segment": codec.dumps(segment),
        "status": MailingStatus.PROVING,
        "created_at": now,
        "start_at": start_at,
        "active_at": start_at,
    }
    row = await tx.execute(insert_ignore(tx, mailings).values(**values).returning(mailings.c.id))
    return row.scalar_one_or_none()


async def add_letters(tx: Tx, mailing: int, rows: Sequence[LetterRow]) -> None:
    """Seal its variants; 0 is the one for everybody else."""
    values = [{"mailing_id": mailing} | {name: getattr(row, name) for name in LetterRow.__slots__} for row in rows]
    await tx.execute(insert(letters), values)


async def by_edition(
    tx: Tx, edition_id: int, revision: int | None = None, kind: MailingKind = MailingKind.EDITION
) -> MailingRow | None:
    """An edition's mailing, by default of its newest revision."""
    query = select(*_COLUMNS).where(mailings.c.edition_id == edition_id, mailings.c.kind == kind)
    if revision is not None:
        query = query.where(mailings.c.revision == revision)
    row = (await tx.execute(query.order_by(mailings.c.revision.desc()).limit(1))).one_or_none()
    return _mailing(row) if row else None


async def of_edition(tx: Tx, edition_id: int) -> tuple[MailingRow, ...]:
    """All mailings of an edition, the oldest first: of each revision, and corrections."""
    query = select(*_COLUMNS).where(mailings.c.edition_id == edition_id).order_by(mailings.c.id)
    return tuple(map(_mailing, await tx.execute(query)))


async def may_be_out(tx: Tx, edition_id: int) -> bool:
    """Whether anybody got a letter of an edition, or may have."""
    mine = select(mailings.c.id).where(mailings.c.edition_id == edition_id)
    query = select(deliveries.c.mailing_id).where(deliveries.c.mailing_id.in_(mine), deliveries.c.state.in_(OUT))
    if (await tx.execute(query.limit(1))).first() is not None:
        return True
    # Of one that is folded only its totals are kept.
    counted = select(shards.c.mailing_id).where(shards.c.mailing_id.in_(mine), shards.c.accepted > 0)
    return (await tx.execute(counted.limit(1))).first() is not None


async def get(tx: Tx, mailing: int) -> MailingRow:
    """One mailing by its row."""
    return _mailing((await tx.execute(select(*_COLUMNS).where(mailings.c.id == mailing))).one())


async def digest_of(tx: Tx, mailing: int) -> str | None:
    """The digest a mailing was for; None where there is no such mailing."""
    query = select(mailings.c.digest).where(mailings.c.id == mailing)
    return (await tx.execute(query)).scalar_one_or_none()


async def letters_of(tx: Tx, mailing: int) -> tuple[LetterRow, ...]:
    """Its variants, 0 first."""
    names = [letters.c[name] for name in LetterRow.__slots__]
    rows = await tx.execute(select(*names).where(letters.c.mailing_id == mailing).order_by(letters.c.variant))
    return tuple(LetterRow(**row._mapping) for row in rows)


async def unsettled(tx: Tx) -> tuple[MailingRow, ...]:
    """Those neither sent nor cancelled, oldest first."""
    over = (MailingStatus.SENT, MailingStatus.CANCELLED)
    rows = await tx.execute(select(*_COLUMNS).where(mailings.c.status.not_in(over)).order_by(mailings.c.id))
    return tuple(_mailing(row) for row in rows)


async def with_leftovers(tx: Tx) -> tuple[int, ...]:
    """Mailings, neither cancelled nor corrected since, that have anything deferred or uncertain."""
    left = exists().where(shards.c.mailing_id == mailings.c.id, shards.c.deferred + shards.c.uncertain > 0)
    query = select(mailings.c.id).where(left, ~_superseded()).order_by(mailings.c.id)
    return tuple((await tx.execute(query)).scalars())


async def closed_doubts(tx: Tx) -> int:
    """How many doubts nobody resends: their mailing was cancelled, or its edition corrected since."""
    query = select(func.coalesce(func.sum(shards.c.uncertain), 0)).where(shards.c.mailing_id == mailings.c.id)
    return int((await tx.execute(query.where(_superseded()))).scalar_one())


def _superseded() -> ColumnElement[bool]:
    """Whoever is in doubt about such a letter has it, or was told of the correction: a second one would be wrong."""
    newer = exists().where(editions.c.id == mailings.c.edition_id, editions.c.revision > mailings.c.revision)
    return or_(mailings.c.status == MailingStatus.CANCELLED, newer)


async def nothing_owed(tx: Tx) -> tuple[MailingRow, ...]:
    """Running mailings without any shard that is still due at some time."""
    waiting = exists().where(shards.c.mailing_id == mailings.c.id, shards.c.next_due.is_not(None))
    running = mailings.c.status.in_(RUNNING)
    rows = await tx.execute(
        select(*_COLUMNS).where(running, ~waiting, mailings.c.upto.is_(None)).order_by(mailings.c.id)
    )
    return tuple(_mailing(row) for row in rows)


async def move(
    tx: Tx, mailing: int, *, old: Sequence[MailingStatus], new: MailingStatus, now: datetime, why: str = ""
) -> bool:
    """Change its status if it is one of `old`; False when somebody was faster."""
    ended = now if new in (MailingStatus.SENT, MailingStatus.CANCELLED) else None
    change = update(mailings).where(mailings.c.id == mailing, mailings.c.status.in_(old))
    return (await tx.execute(change.values(status=new, why=why, ended_at=ended, active_at=now))).rowcount == 1


async def idle(tx: Tx, now: datetime, *, since: datetime) -> tuple[int, ...]:
    """Running mailings that have something due, and have got nowhere since that time."""
    due = exists().where(shards.c.mailing_id == mailings.c.id, shards.c.next_due <= millis(now))
    still = mailings.c.active_at <= since
    running = mailings.c.status.in_(RUNNING)
    return tuple((await tx.execute(select(mailings.c.id).where(running, still, due).order_by(mailings.c.id))).scalars())


async def active(tx: Tx, mailing: int, at: datetime) -> None:
    """It got somewhere, or waits until then of its own accord."""
    await tx.execute(update(mailings).where(mailings.c.id == mailing, mailings.c.active_at < at).values(active_at=at))


async def start(tx: Tx, mailing: MailingRow, at: datetime) -> None:
    """Let a mailing begin at another time than it was sealed for; what has begun is left alone."""
    await tx.execute(update(mailings).where(mailings.c.id == mailing.id).values(start_at=at, active_at=at))
    waiting = (shards.c.mailing_id == mailing.id) & (shards.c.next_due == millis(mailing.start_at))
    await tx.execute(update(shards).where(waiting).values(next_due=millis(at)))


def running() -> ColumnElement[bool]:
    """Of shards joined with mailings: those that may be sent now, as to their mailing's status and the stop."""
    # A sent mailing's shard is due again only when somebody asked to resend its doubts.
    free = or_(mailings.c.status == MailingStatus.SENDING, mailings.c.status == MailingStatus.SENT)
    proving = and_(mailings.c.status == MailingStatus.PROVING, shards.c.number == 0)
    return and_(mailings.c.upto.is_(None), or_(free, proving), stopping.going())


def _mailing(row: Row[tuple[object, ...]]) -> MailingRow:
    values = dict(row._mapping)
    known = {"status": MailingStatus(values["status"]), "kind": MailingKind(values["kind"])}
    return MailingRow(**values | known)
