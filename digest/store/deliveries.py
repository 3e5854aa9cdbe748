"""Deliveries: claimed by range, settled in batches; their failures and doubts in rows of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache

from sqlalchemy import ColumnElement, Integer, String, and_, bindparam, func, or_, select, type_coerce, update

from digest.errors import StoreError
from digest.model.deliveries import DeliveryState, Reason, Shard, millis
from digest.model.subscribers import SubscriptionState
from digest.store.addressees import Addressees
from digest.store.database import Tx, among, many
from digest.store.delivery_events import remember, resolve
from digest.store.ready import Ready
from digest.store.schema import deliveries, subscribers, subscriptions
from digest.store.shards import HELD, inside

_C = deliveries.c


class StrangersError(StoreError):
    """More was being sent than is known of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A delivery's new state; `at` is when it is due again, or now. `kind` says that it is worth an event."""

    subscriber: int
    state: DeliveryState
    at: int
    """Milliseconds since 1970, or `shards.HELD`."""
    kind: str = ""
    code: int = 0
    text: str = ""
    attempts: int = 0
    reason: Reason | None = None


async def claim(
    tx: Tx, shard: Shard, *, digest: str, limit: int, now: datetime, domains: Mapping[str, int] | None = None
) -> Addressees:
    """Mark the next `limit` due deliveries as being sent, and say to whom.

    Whoever is no longer confirmed, or is suppressed, is withdrawn instead and not in the answer. `domains` says how
    many may go to some of them; whom that leaves out stays as they are, and holds up nobody else.
    """
    values: dict[str, object] = {"mailing": shard.mailing, "first": shard.first, "last": shard.last}
    values |= {"digest": digest, "now": millis(now), "most": limit}
    found = Addressees.of(await _candidates(_shut(domains)).rows(tx, values))
    some = fit = found.at(_within(found, domains)) if domains else found
    if not all(fit.entitled):
        gone = [who for who, entitled in zip(fit.subscribers, fit.entitled, strict=True) if not entitled]
        fit = fit.at([place for place, entitled in enumerate(fit.entitled) if entitled])
        await _set(tx, shard.mailing, gone, DeliveryState.WITHDRAWN, millis(now))
        await resolve(tx, shard.mailing, gone, now, "withdrawn")
    await _mark(tx, shard.mailing, fit.subscribers, millis(now), all_due=not domains)
    if domains and len(some) < len(found):
        rooms = {domain: room - _to(domain, fit.wires) for domain, room in domains.items()}
        return fit.plus(await claim(tx, shard, digest=digest, limit=limit - len(fit), now=now, domains=rooms))
    return fit if fit or not some else await claim(tx, shard, digest=digest, limit=limit, now=now, domains=domains)


async def _mark(tx: Tx, mailing: int, ids: Sequence[int], now: int, *, all_due: bool) -> None:
    """As being sent. `all_due`: from the first to the last of them nobody else was due."""
    if ids and all_due and tx.dialect.name == "sqlite":
        # Nor is now: nobody else writes. To walk the range takes half of what to look for each in it does.
        await _marking().change(tx, {"mailing": mailing, "first": ids[0], "last": ids[-1], "now": now})
    else:
        await _set(tx, mailing, ids, DeliveryState.SENDING, now)


@cache
def _marking() -> Ready:
    due = (_C.mailing_id == bindparam("mailing")) & _inside(_C.subscriber_id) & _due()
    return Ready(update(deliveries).where(due).values(state=DeliveryState.SENDING, at=bindparam("now")))


def _shut(domains: Mapping[str, int] | None) -> tuple[str, ...]:
    return tuple(domain for domain, room in (domains or {}).items() if room <= 0)


def _within(people: Addressees, domains: Mapping[str, int]) -> list[int]:
    """The places of those whom their domains have room for."""
    rooms, fit = dict(domains), []
    for place, (entitled, wire) in enumerate(zip(people.entitled, people.wires, strict=True)):
        # Of somebody who has left nothing is known.
        domain = (wire or "").rpartition("@")[2]
        if entitled and domain in rooms:
            rooms[domain] -= 1
        if rooms.get(domain, 0) >= 0:
            fit.append(place)
    return fit


def _to(domain: str, wires: Sequence[str]) -> int:
    return sum(wire.endswith(f"@{domain}") for wire in wires)


@lru_cache(maxsize=64)
def _candidates(shut: tuple[str, ...]) -> Ready:
    """What makes `Addressees`; nobody of the domains `shut`."""
    who, theirs = subscribers.c.id, subscriptions.c.subscriber_id
    mine = and_(theirs == _C.subscriber_id, subscriptions.c.digest == bindparam("digest"), _inside(theirs))
    people = deliveries.outerjoin(subscribers, and_(who == _C.subscriber_id, _inside(who)))
    people = people.outerjoin(subscriptions, mine)
    entitled = and_(subscriptions.c.state == SubscriptionState.CONFIRMED, subscribers.c.suppressed.is_(False))
    person = [subscribers.c[name] for name in ("handle", "email", "email_norm", "name")]
    consent = (subscriptions.c.basis, func.coalesce(type_coerce(subscriptions.c.confirmed_at, String), ""))
    delivery = (entitled.label("entitled"), _C.subscriber_id, _C.variant)
    query = select(*delivery, *person, *consent).select_from(people)
    wire = func.coalesce(subscribers.c.email_norm, "")
    elsewhere = [~wire.endswith(f"@{domain}", autoescape=True) for domain in shut]
    query = query.where(_C.mailing_id == bindparam("mailing"), _inside(_C.subscriber_id), _due(), *elsewhere)
    return Ready(query.order_by(_C.subscriber_id).limit(bindparam("most", type_=Integer())))


def _inside(who: ColumnElement[int]) -> ColumnElement[bool]:
    """Of the shard: said of each table by itself, three ranges are walked side by side, and no row is looked up."""
    return who.between(bindparam("first"), bindparam("last"))


def _due() -> ColumnElement[bool]:
    again = or_(_C.state == DeliveryState.DEFERRED, _C.state == DeliveryState.UNCERTAIN)
    return or_(_C.state == DeliveryState.OWED, and_(again, _C.at <= bindparam("now")))


async def accept(
    tx: Tx, mailing: int, ids: Sequence[int], now: datetime, *, but: Collection[int] | None = None
) -> None:
    """Settle those that a relay took; a late one also settles what somebody else has meanwhile called uncertain.

    `but` are all others that are being sent, and mostly few. StrangersError where they were not all: nothing of that
    may be written.
    """
    state, sending = DeliveryState.ACCEPTED, DeliveryState.SENDING
    settled = await _set(tx, mailing, ids, state, millis(now), (sending,), but=but)
    if settled > len(ids):
        raise StrangersError(f"{settled} were being sent where a relay took {len(ids)}", about=f"mailing {mailing}")
    if settled < len(ids):
        await _set(tx, mailing, ids, state, millis(now), (sending, DeliveryState.UNCERTAIN))
    await resolve(tx, mailing, ids, now, "accepted")


async def record(tx: Tx, mailing: int, results: Sequence[Result], now: datetime) -> None:
    """Settle a batch, whatever came of it; see `accept`."""
    await accept(tx, mailing, [each.subscriber for each in results if each.state is DeliveryState.ACCEPTED], now)
    others = [each for each in results if each.state is not DeliveryState.ACCEPTED]
    by_fate: dict[tuple[DeliveryState, int], list[int]] = defaultdict(list)
    for each in others:
        by_fate[each.state, each.at].append(each.subscriber)
    for (state, at), ids in by_fate.items():
        before = () if state is DeliveryState.WITHDRAWN else (DeliveryState.SENDING,)
        await _set(tx, mailing, ids, state, at, before)
    await resolve(
        tx, mailing, [each.subscriber for each in others if each.state is DeliveryState.REJECTED], now, "rejected"
    )
    for each in others:
        if each.kind:
            await remember(
                tx,
                mailing,
                each.subscriber,
                each.kind,
                code=each.code,
                text=each.text,
                count=each.attempts,
                reason=each.reason,
                now=now,
            )


async def orphans(tx: Tx, shard: Shard) -> tuple[int, ...]:
    """Subscribers whose delivery a worker marked as being sent and never settled; ask only under the lease."""
    rows = await tx.execute(select(_C.subscriber_id).where(inside(shard), _C.state == DeliveryState.SENDING))
    return tuple(rows.scalars())


async def give_back(tx: Tx, shard: Shard, now: datetime) -> None:
    """Owe again what was claimed and not begun; ask only under the lease."""
    begun = inside(shard) & (_C.state == DeliveryState.SENDING)
    await tx.execute(update(deliveries).where(begun).values(state=int(DeliveryState.OWED), at=millis(now)))


async def hold_doubts(tx: Tx, shard: Shard, ids: Collection[int]) -> None:
    """Keep these doubts until somebody asks: too many came at once."""
    held = inside(shard) & among(tx.dialect.name, _C.subscriber_id) & (_C.state == DeliveryState.UNCERTAIN)
    await tx.execute(update(deliveries).where(held).values(at=HELD), many(tx, ids))


async def _set(
    tx: Tx,
    mailing: int,
    ids: Sequence[int],
    state: DeliveryState,
    at: int,
    before: tuple[DeliveryState, ...] = (),
    *,
    but: Collection[int] | None = None,
) -> int:
    """Move those that are in one of the states `before`, by default in any; how many those are.

    With `but` it is all from the first to the last of them that are not among those.
    """
    if not ids:
        return 0
    listed = many(tx, ids if but is None else but)
    values = {"mailing": mailing, "to": int(state), "when": at, "first": min(ids), "last": max(ids)} | listed
    return await _setting(tx.dialect.name, before, but is not None).change(tx, values)


@cache
def _setting(dialect: str, before: tuple[DeliveryState, ...], but: bool) -> Ready:
    """The range is walked, where each of a list would be looked up."""
    listed = among(dialect, _C.subscriber_id)
    chosen = (_C.mailing_id == bindparam("mailing")) & _inside(_C.subscriber_id) & (~listed if but else listed)
    if before:
        chosen = chosen & or_(*(_C.state == state for state in before))
    return Ready(update(deliveries).where(chosen).values(state=bindparam("to"), at=bindparam("when")))
