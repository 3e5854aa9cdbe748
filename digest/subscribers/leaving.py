"""Leaving: it always works, at once, as often as it is pressed; and it can be taken back for a week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from digest.model.subscribers import Subscriber, Subscription, SubscriptionState
from digest.settings.keys import Keyring
from digest.store import audit, subscribers
from digest.store.database import Store, Tx
from digest.subscribers import consent, tokens
from digest.subscribers.consent import OWN_WORD, PROGRAMS, Way
from digest.subscribers.joining import person
from digest.subscribers.tokens import Claim, Purpose


@dataclass(frozen=True, slots=True)
class Left:
    """Who left what; `undo` is the token that takes it back, empty when there is nothing to take back."""

    digest: str
    subscriber: Subscriber | None
    undo: str = ""


async def unsubscribe(store: Store, keys: Keyring, token: str, *, way: Way, now: datetime) -> Left | None:
    """Leave by the link of a letter; None when the link is not ours. Repeated, it changes nothing."""
    claim = tokens.read(keys, Purpose.UNSUBSCRIBE, token)
    return None if claim is None else await leave(store, keys, claim, way=way, now=now)


async def leave(store: Store, keys: Keyring, claim: Claim, *, way: Way, now: datetime) -> Left:
    """Leave the digest of a claim that has been verified."""
    async with store.write() as tx:
        found = await person(tx, claim)
        if found.subscriber is None or found.subscription is None:
            return Left(claim.digest, found.subscriber)
        await _leave(tx, found.subscriber, found.subscription, way=way, now=now)
        again = await subscribers.subscription(tx, found.subscriber.id, claim.digest)
        takes_back = again is not None and await _may_return(tx, again, now)
    undo = tokens.undo_token(keys, claim.handle, claim.digest, now) if takes_back else ""
    return Left(claim.digest, found.subscriber, undo)


async def unsubscribe_all(store: Store, keys: Keyring, token: str, *, now: datetime) -> Left | None:
    """Leave everything by the link of one letter; `undo` takes all of it back. None when the link is not ours."""
    claim = tokens.read(keys, Purpose.UNSUBSCRIBE, token)
    if claim is None:
        return None
    async with store.write() as tx:
        found = (await person(tx, claim)).subscriber
        gone = await leave_all(tx, found, way=Way.PAGE, now=now) if found else ()
    return Left(claim.digest, found, " ".join(tokens.undo_token(keys, claim.handle, each, now) for each in gone))


async def pause(store: Store, keys: Keyring, token: str, until: datetime | None, *, now: datetime) -> Left | None:
    """Send nothing of a letter's digest until then, by its link to leave: less than leaving. None when not ours."""
    claim = tokens.read(keys, Purpose.UNSUBSCRIBE, token)
    return None if claim is None else await put_off(store, claim, until, now=now)


async def put_off(store: Store, claim: Claim, until: datetime | None, *, now: datetime) -> Left:
    """The same, for a claim that has been verified; with None it is sent again at once."""
    async with store.write() as tx:
        found = (await person(tx, claim)).subscriber
        if found and await subscribers.pause(tx, found.id, claim.digest, until):
            became = f"{claim.digest} paused until {until:%Y-%m-%d}" if until else f"{claim.digest} goes on"
            await audit.add(tx, at=now, who="subscriber", action="pause", subject=claim.handle, became=became)
    return Left(claim.digest, found)


async def unsubscribe_address(
    store: Store, email_norm: str, digest: str | None = None, *, who: str = "operator", why: str = "", now: datetime
) -> tuple[str, ...]:
    """Take an address off a digest, or off all; the digests it left now."""
    async with store.write() as tx:
        found = await subscribers.spelt(tx, email_norm)
        left = [await leave_all(tx, each, digest=digest, way=Way.OPERATOR, now=now, who=who, why=why) for each in found]
    return tuple(dict.fromkeys(slug for each in left for slug in each))


async def resubscribe(store: Store, keys: Keyring, token: str, *, now: datetime) -> Left | None:
    """Take leaving back by its undo token; None when that is not ours, too old, or overtaken."""
    claim = tokens.read(keys, Purpose.UNDO, token)
    if claim is None or claim.made_at is None or not tokens.fresh(claim, now, lasts=tokens.UNDO_FOR):
        return None
    async with store.write() as tx:
        found = await person(tx, claim)
        old = found.subscription
        if found.subscriber is None or old is None:
            return None
        if old.state is SubscriptionState.CONFIRMED:
            return Left(claim.digest, found.subscriber)
        if claim.made_at < old.changed_at.replace(microsecond=0) or not await _may_return(tx, old, now):
            return None
        evidence = consent.returned(old.evidence, now)
        await subscribers.move(tx, old, SubscriptionState.CONFIRMED, evidence=evidence, now=now)
        await audit.add(
            tx,
            at=now,
            who="subscriber",
            action="return",
            subject=claim.handle,
            was=f"{old.digest} {old.state}",
            became=f"{old.digest} confirmed",
        )
    return Left(claim.digest, found.subscriber)


async def leave_all(
    tx: Tx,
    found: Subscriber,
    *,
    digest: str | None = None,
    way: Way,
    now: datetime,
    who: str = "subscriber",
    why: str = "",
) -> tuple[str, ...]:
    """Take somebody off a digest, or off all, in the caller's transaction; the digests they left now."""
    standings = await subscribers.subscriptions_of(tx, found.id)
    chosen = [each for each in standings if digest in (None, each.digest)]
    return tuple([each.digest for each in chosen if await _leave(tx, found, each, way=way, now=now, who=who, why=why)])


async def _leave(
    tx: Tx, found: Subscriber, old: Subscription, *, way: Way, now: datetime, who: str = "subscriber", why: str = ""
) -> bool:
    """Whether this changed anything: a thousand replays take one person off once."""
    left, evidence = SubscriptionState.UNSUBSCRIBED, consent.left(old.evidence, now, way)
    if old.state is left and way in OWN_WORD and consent.left_by(old.evidence) in PROGRAMS:
        # A program was faster. Now they say so themselves, and no wave of its leaves that is undone brings them back.
        await subscribers.move(tx, old, left, evidence=evidence, now=old.changed_at)
    if not consent.may_move(old.state, left, way):
        return False
    if not await subscribers.move(tx, old, left, evidence=evidence, now=now):
        return False
    await audit.add(
        tx,
        at=now,
        who=who,
        action="unsubscribe",
        subject=found.handle,
        was=f"{old.digest} {old.state}",
        became=f"{old.digest} {left}",
        why=why or way,
    )
    return True


async def _may_return(tx: Tx, old: Subscription, now: datetime) -> bool:
    """Only somebody who had been confirmed, left within the week, and is not suppressed."""
    left = old.state is SubscriptionState.UNSUBSCRIBED and old.confirmed_at is not None
    return left and now - old.changed_at <= tokens.UNDO_FOR and not await subscribers.is_suppressed(tx, old.subscriber)
