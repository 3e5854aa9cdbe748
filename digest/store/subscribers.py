"""Subscribers and their subscriptions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, or_, select, update

from digest.model.subscribers import EVERYBODY, Basis, Segment, Subscriber, Subscription, SubscriptionState
from digest.store import attributes, diary, suppressions
from digest.store.database import Tx, among, insert_ignore, many, many_words
from digest.store.schema import subscribers, subscriptions

_COLUMNS = [subscribers.c[name] for name in Subscriber.__dataclass_fields__]
_STANDING = [
    subscriptions.c.subscriber_id.label("subscriber"),
    *(subscriptions.c[name] for name in Subscription.__dataclass_fields__ if name != "subscriber"),
]
# Built once: every page that a letter leads to asks these.
_BY_HANDLE = select(*_COLUMNS).where(subscribers.c.handle == bindparam("sought"))
_ALL_OF = (
    select(*_STANDING).where(subscriptions.c.subscriber_id == bindparam("sought")).order_by(subscriptions.c.digest)
)
_PERSON = (
    select(*_COLUMNS, *_STANDING)
    .outerjoin(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
    .where(subscribers.c.handle == bindparam("sought"))
    .order_by(subscriptions.c.digest)
)
_ONE_OF = _ALL_OF.where(subscriptions.c.digest == bindparam("of"))


async def add(tx: Tx, *, handle: str, email: str, email_norm: str, language: str = "", now: datetime) -> Subscriber:
    """The subscriber with that address, made now if there was none; a suppressed address is marked so."""
    values = {"handle": handle, "email": email, "email_norm": email_norm, "language": language}
    suppressed = await suppressions.is_suppressed(tx, email_norm)
    row = {**values, "email_lower": _lower(email_norm), "suppressed": suppressed, "created_at": now}
    await tx.execute(insert_ignore(tx, subscribers).values(row))
    found = await by_email(tx, email_norm)
    assert found is not None  # noqa: S101 - just written, by us or by whoever won
    return found


async def add_many(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Subscribers as full rows (without id); those whose address is known stay as they are."""
    if rows:
        await tx.execute(
            insert_ignore(tx, subscribers), [{**row, "email_lower": _lower(row["email_norm"])} for row in rows]
        )


async def by_email(tx: Tx, email_norm: str) -> Subscriber | None:
    return await _first(tx, subscribers.c.email_norm == email_norm)


async def spelt(tx: Tx, email_norm: str) -> tuple[Subscriber, ...]:
    """Everybody with that address in whatever case, who has it as it is written here first."""
    query = select(*_COLUMNS).where(suppressions.is_spelt(email_norm)).order_by(subscribers.c.id)
    found = map(_subscriber, await tx.execute(query))
    return tuple(sorted(found, key=lambda each: each.email_norm != email_norm))


async def by_id(tx: Tx, subscriber: int) -> Subscriber | None:
    return await _first(tx, subscribers.c.id == subscriber)


async def by_handle(tx: Tx, handle: str) -> Subscriber | None:
    row = (await tx.execute(_BY_HANDLE, {"sought": handle})).first()
    return _subscriber(row) if row else None


async def person(tx: Tx, handle: str) -> tuple[Subscriber, tuple[Subscription, ...]] | None:
    """Somebody with all their subscriptions, in one look."""
    rows = (await tx.execute(_PERSON, {"sought": handle})).all()
    standings = tuple(_subscription(row) for row in rows if row.subscriber is not None)
    return (_subscriber(rows[0]), standings) if rows else None


async def ids(tx: Tx, emails: Collection[str]) -> dict[str, int]:
    """Row ids by normalised address, of those that are known in whatever case; at most some thousands at once."""
    spelt = (among(tx.dialect.name, column) for column in (subscribers.c.email_norm, subscribers.c.email_lower))
    query = select(subscribers.c.email_norm, subscribers.c.id).where(or_(*spelt))
    lower = many_words(tx, {email.lower() for email in emails})
    return {norm: row for norm, row in await tx.execute(query, lower)}  # noqa: C416 - rows, not pairs


async def set_language(tx: Tx, subscriber: int, language: str) -> None:
    await tx.execute(update(subscribers).where(subscribers.c.id == subscriber).values(language=language))


async def set_text_only(tx: Tx, subscriber: int, text_only: bool) -> None:
    await tx.execute(update(subscribers).where(subscribers.c.id == subscriber).values(text_only=text_only))


async def set_address(tx: Tx, subscriber: int, *, email: str, email_norm: str) -> None:
    """Write to another address from now on, which nobody else has; its own suppression counts, not the old one's."""
    suppressed = await suppressions.is_suppressed(tx, email_norm)
    values = {"email": email, "email_norm": email_norm, "email_lower": _lower(email_norm), "suppressed": suppressed}
    await tx.execute(update(subscribers).where(subscribers.c.id == subscriber).values(values))


async def is_suppressed(tx: Tx, subscriber: int) -> bool:
    query = select(subscribers.c.suppressed).where(subscribers.c.id == subscriber)
    return bool((await tx.execute(query)).scalar_one_or_none())


async def subscription(tx: Tx, subscriber: int, digest: str) -> Subscription | None:
    row = (await tx.execute(_ONE_OF, {"sought": subscriber, "of": digest})).first()
    return _subscription(row) if row else None


async def subscriptions_of(tx: Tx, subscriber: int) -> tuple[Subscription, ...]:
    return tuple(map(_subscription, await tx.execute(_ALL_OF, {"sought": subscriber})))


async def standings(tx: Tx, digest: str, ids: Collection[int]) -> dict[int, Subscription]:
    """Their subscriptions to `digest` by row id; at most some thousands at once."""
    theirs = among(tx.dialect.name, subscriptions.c.subscriber_id)
    query = select(*_STANDING).where(subscriptions.c.digest == digest, theirs)
    return {row.subscriber: _subscription(row) for row in await tx.execute(query, many(tx, ids))}


async def subscribe(tx: Tx, new: Sequence[Subscription]) -> None:
    """Write first subscriptions; one that exists stays as it is."""
    if new:
        await tx.execute(insert_ignore(tx, subscriptions), [_row(each) for each in new])


async def move(
    tx: Tx, old: Subscription, state: SubscriptionState, *, evidence: str, now: datetime, confirmed: bool = False
) -> bool:
    """Change a subscription if it still is in the state it was read in; False when somebody was faster."""
    values: dict[str, object] = {"state": state, "evidence": evidence, "changed_at": now}
    if confirmed:
        values["confirmed_at"] = now
    changed = await tx.execute(
        update(subscriptions)
        .where(
            subscriptions.c.subscriber_id == old.subscriber,
            subscriptions.c.digest == old.digest,
            subscriptions.c.state == old.state,
        )
        .values(values)
    )
    if changed.rowcount and state is SubscriptionState.UNSUBSCRIBED and diary.kept(tx):
        query = select(subscribers.c.handle, subscribers.c.email_norm).where(subscribers.c.id == old.subscriber)
        who = (await tx.execute(query)).one()
        key = await suppressions.key_of(tx, who.email_norm)
        diary.write(tx, diary.LEFT, now, handle=who.handle, key=key, digest=old.digest)
    return bool(changed.rowcount)


async def pause(tx: Tx, subscriber: int, digest: str, until: datetime | None) -> bool:
    """Send nothing of a digest until then, or with None again; False when it is not confirmed."""
    mine = (subscriptions.c.subscriber_id == subscriber) & (subscriptions.c.digest == digest)
    confirmed = subscriptions.c.state == SubscriptionState.CONFIRMED
    changed = await tx.execute(update(subscriptions).where(mine, confirmed).values(paused_until=until))
    return bool(changed.rowcount)


async def listed(
    tx: Tx,
    digest: str | None = None,
    state: SubscriptionState | None = None,
    segment: Segment = EVERYBODY,
    *,
    limit: int | None = None,
) -> AsyncIterator[tuple[Subscriber, Subscription]]:
    """Subscribers with their subscription, of one digest or all, in the order they came; read as a stream."""
    query = select(*_COLUMNS, *_STANDING).join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
    if digest is not None:
        query = query.where(subscriptions.c.digest == digest)
    if state is not None:
        query = query.where(subscriptions.c.state == state)
    if segment != EVERYBODY:
        query = query.where(attributes.within(segment))
    async for row in await tx.stream(query.order_by(subscribers.c.id, subscriptions.c.digest).limit(limit)):
        yield _subscriber(row), _subscription(row)


async def counted(tx: Tx, digest: str) -> dict[SubscriptionState, int]:
    """How many subscriptions a digest has in each state."""
    query = (
        select(subscriptions.c.state, func.count().label("many"))
        .where(subscriptions.c.digest == digest)
        .group_by(subscriptions.c.state)
    )
    return {SubscriptionState(row.state): row.many for row in await tx.execute(query)}


def _lower(email_norm: str) -> str | None:
    lower = email_norm.lower()
    return None if lower == email_norm else lower


async def _first(tx: Tx, where: Any) -> Subscriber | None:
    row = (await tx.execute(select(*_COLUMNS).where(where))).first()
    return _subscriber(row) if row else None


def _subscriber(row: Row[Any]) -> Subscriber:
    return Subscriber(**{name: getattr(row, name) for name in Subscriber.__dataclass_fields__})


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        subscriber=row.subscriber,
        digest=row.digest,
        state=SubscriptionState(row.state),
        basis=Basis(row.basis),
        evidence=row.evidence,
        changed_at=row.changed_at,
        confirmed_at=row.confirmed_at,
        paused_until=row.paused_until,
    )


def _row(new: Subscription) -> dict[str, object]:
    return {
        "subscriber_id": new.subscriber,
        "digest": new.digest,
        "state": new.state,
        "basis": new.basis,
        "evidence": new.evidence,
        "changed_at": new.changed_at,
        "confirmed_at": new.confirmed_at,
    }
