"""Whom a mailing is for: fixed by id when it is sealed, owed their deliveries a range of ids at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, exists, func, insert, literal, or_, select, update

from digest.model import codec
from digest.model.deliveries import DeliveryState, MailingKind, MailingStatus, millis
from digest.model.subscribers import EVERYBODY, Segment, SubscriptionState
from digest.store import attributes, cutting, shards
from digest.store.database import Tx
from digest.store.mailings import OUT
from digest.store.schema import deliveries, letters, mailings, subscribers, subscriptions

_S = subscriptions.c


async def count(
    tx: Tx,
    digest: str,
    now: datetime,
    *,
    segment: Segment = EVERYBODY,
    most: int | None = None,
    domain: str = "",
) -> int:
    """How many would be written to, were it sealed now, all or those of a domain; counts no further than `most`."""
    there = [subscribers.c.email_norm.endswith(f"@{domain}", autoescape=True)] if domain else []
    who = (
        select(_S.subscriber_id)
        .select_from(_people())
        .where(_entitled(digest, now), *there, *_of(segment))
        .limit(most)
        .subquery()
    )
    return int((await tx.execute(select(func.count()).select_from(who))).scalar_one())


async def roughly(tx: Tx, mailing: int) -> int:
    """How many a mailing is for that has no deliveries yet, some of whom may not be written to now.

    Of everybody it is read from an index alone.
    """
    row = (await tx.execute(select(mailings).where(mailings.c.id == mailing))).one()
    digest, segment = row.digest, codec.loads(Segment, row.segment)
    if segment != EVERYBODY:
        return await count(tx, digest, row.created_at, segment=segment)
    confirmed = (_S.digest == digest) & (_S.state == SubscriptionState.CONFIRMED)
    return int((await tx.execute(select(func.count()).select_from(subscriptions).where(confirmed))).scalar_one())


async def languages(tx: Tx, digest: str) -> tuple[str, ...]:
    """The languages that a digest's confirmed subscribers have chosen, the most chosen first."""
    said = subscribers.c.language
    confirmed = and_(_S.digest == digest, _S.state == SubscriptionState.CONFIRMED)
    query = select(said).select_from(_people()).where(confirmed, said != "")
    return tuple((await tx.execute(query.group_by(said).order_by(func.count().desc(), said))).scalars())


async def wants_text(tx: Tx, digest: str) -> bool:
    """Whether any of a digest's confirmed subscribers wants text only."""
    confirmed = and_(_S.digest == digest, _S.state == SubscriptionState.CONFIRMED, subscribers.c.text_only)
    return (
        await tx.execute(select(_S.subscriber_id).select_from(_people()).where(confirmed).limit(1))
    ).first() is not None


async def fix(tx: Tx, mailing: int) -> None:
    """Let a new mailing be for those known now: who comes later has a higher id."""
    last = select(func.coalesce(func.max(subscribers.c.id), 0)).scalar_subquery()
    await tx.execute(update(mailings).where(mailings.c.id == mailing).values(upto=last))


async def unfrozen(tx: Tx) -> tuple[int, ...]:
    """Mailings of which some deliveries are not there yet."""
    query = select(mailings.c.id).where(mailings.c.upto.is_not(None), mailings.c.status != MailingStatus.CANCELLED)
    return tuple((await tx.execute(query.order_by(mailings.c.id))).scalars())


async def freeze(tx: Tx, mailing: int, *, first: int, size: int, limit: int, now: datetime) -> bool:
    """Owe a delivery to the next `limit` who are confirmed and may be written to, and cut them into shards.

    The first shard has `first`, the others `size`. True when nobody is left.
    """
    row = (await tx.execute(select(mailings).where(mailings.c.id == mailing).with_for_update())).one()
    if row.upto is None or row.status == MailingStatus.CANCELLED:
        return True
    number = await shards.count(tx, mailing)
    room = first - row.audience if number < 2 else 0
    most = min(limit, room) if room > 0 else max(size, limit // size * size)
    who = _next(mailing, row.digest, row.reached, row.upto, row.created_at, await _variant(tx, mailing), now)
    who = who.where(*_of(codec.loads(Segment, row.segment)))
    who = who.where(*await _corrected(tx, row.edition_id, row.revision, MailingKind(row.kind)))
    names = ["mailing_id", "subscriber_id", "variant", "state", "at"]
    added = insert(deliveries).from_select(names, who.order_by(_S.subscriber_id).limit(most))
    done = (await tx.execute(added, execution_options={"preserve_rowcount": True})).rowcount
    if room > 0:
        last = await cutting.grow(tx, mailing, after=row.reached, added=done, due=row.start_at)
    else:
        last = await cutting.cut(tx, mailing, number=number, after=row.reached, added=done, size=size, due=row.start_at)
    over = done < most
    values = {"reached": last, "audience": row.audience + done, "upto": None if over else row.upto}
    await tx.execute(update(mailings).where(mailings.c.id == mailing).values(**values))
    return over


def _next(
    mailing: int, digest: str, after: int, upto: int, sealed: datetime, variant: ColumnElement[int], now: datetime
) -> Select[tuple[int, int, int, int, int]]:
    state, at = literal(int(DeliveryState.OWED)), literal(millis(now))
    who = select(literal(mailing), _S.subscriber_id, variant, state, at).select_from(_people())
    # Who confirmed since it was sealed gets the next one, also when this is being made up for after a crash.
    before = or_(_S.confirmed_at.is_(None), _S.confirmed_at <= sealed)
    # Of both tables: PostgreSQL would walk the other from its beginning, each time further.
    within = (column > after for column in (_S.subscriber_id, subscribers.c.id))
    return who.where(_entitled(digest, sealed), before, *within, _S.subscriber_id <= upto)


async def correctable(tx: Tx, digest: str, edition: int, revision: int, now: datetime) -> tuple[int, int]:
    """How many a new revision of an edition would be sent to, and how many have an earlier one or may have it."""
    found = []
    for kind in (MailingKind.EDITION, MailingKind.CORRECTION):
        query = select(func.count()).select_from(_people()).where(_entitled(digest, now))
        found.append((await tx.execute(query.where(*await _corrected(tx, edition, revision, kind)))).scalar_one())
    return int(found[0]), int(found[1])


async def _corrected(tx: Tx, edition: int, revision: int, kind: MailingKind) -> list[ColumnElement[bool]]:
    """Of a later revision: whom the edition was for and who has none yet; of its correction: exactly the others."""
    if revision < 2:
        return []
    mine = (mailings.c.edition_id == edition) & (mailings.c.revision < revision)
    query = select(mailings.c.id).where(mine, mailings.c.kind == MailingKind.EDITION)
    earlier = list((await tx.execute(query)).scalars())
    theirs = (deliveries.c.mailing_id.in_(earlier)) & (deliveries.c.subscriber_id == _S.subscriber_id)
    asked = exists().where(theirs)
    out = exists().where(theirs, deliveries.c.state.in_(OUT))
    return [out] if kind is MailingKind.CORRECTION else [asked, ~out]


def _of(segment: Segment) -> list[ColumnElement[bool]]:
    return [] if segment == EVERYBODY else [attributes.within(segment)]


def _people() -> FromClause:
    return subscriptions.join(subscribers, subscribers.c.id == _S.subscriber_id)


def _entitled(digest: str, now: datetime) -> ColumnElement[bool]:
    awake = or_(_S.paused_until.is_(None), _S.paused_until <= now)
    confirmed = and_(_S.digest == digest, _S.state == SubscriptionState.CONFIRMED)
    return and_(confirmed, subscribers.c.suppressed.is_(False), awake)


async def _variant(tx: Tx, mailing: int) -> ColumnElement[int]:
    """By the exact language tag, then by its primary part; everybody else gets the first, with or without HTML."""
    names = (letters.c.language, letters.c.variant, (letters.c.html == "").label("plain"))
    rows = (await tx.execute(select(*names).where(letters.c.mailing_id == mailing).order_by(letters.c.variant))).all()
    tests: list[tuple[ColumnElement[bool], int]] = []
    if plain := [(row.language, row.variant) for row in rows if row.plain]:
        tests = [(and_(subscribers.c.text_only.is_(True), test), variant) for test, variant in _spoken(plain)]
        tests.append((subscribers.c.text_only.is_(True), plain[0][1]))
    if len(full := [(row.language, row.variant) for row in rows if not row.plain]) > 1:
        tests += _spoken(full)
    return case(*((test, literal(variant)) for test, variant in tests), else_=literal(0)) if tests else literal(0)


def _spoken(rows: Sequence[tuple[str, int]]) -> list[tuple[ColumnElement[bool], int]]:
    said = subscribers.c.language
    tests: list[tuple[ColumnElement[bool], int]] = [(said == tag, variant) for tag, variant in rows]
    for tag, variant in rows:
        primary = tag.partition("-")[0]
        tests.append((or_(said == primary, said.like(f"{primary}-%")), variant))
    return tests
