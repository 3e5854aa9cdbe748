"""Asking to join, and confirming it: the address of nobody is written to before its owner has said yes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from digest.model.subscribers import Basis, Subscriber, Subscription, SubscriptionState, SuppressionReason
from digest.settings.keys import Keyring
from digest.store import askings, audit, subscribers, suppressions
from digest.store.database import Store, Tx
from digest.subscribers import consent, tokens
from digest.subscribers.address import Address
from digest.subscribers.consent import Way
from digest.subscribers.tokens import Claim, Purpose

OweNote = Callable[[Tx, Subscriber, str], Awaitable[None]]
"""Writes the confirm note for a subscriber and a token, in the transaction it is given, and nowhere else."""


OWNER_LIFTS = frozenset({SuppressionReason.HARD_BOUNCE, SuppressionReason.SOFT_BOUNCES, SuppressionReason.ERASED})
"""Suppressions that the owner of the address lifts by asking anew and confirming."""


class Confirmed(StrEnum):
    """What pressing the button of a confirm note came to."""

    DONE = "done"
    ALREADY = "already"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Person:
    """Whose valid link it is, with the subscription that it is about and all others; nobody if erased since."""

    claim: Claim
    subscriber: Subscriber | None
    subscription: Subscription | None
    standings: tuple[Subscription, ...] = ()


async def whose(store: Store, keys: Keyring, purpose: Purpose, token: str) -> Person | None:
    """Who a link is for; None when it is not ours. Reads only: a GET may call it."""
    claim = tokens.read(keys, purpose, token)
    if claim is None:
        return None
    async with store.glance(once=True) as tx:
        return await person(tx, claim)


async def person(tx: Tx, claim: Claim) -> Person:
    """The subscriber and the subscription that a valid link is about."""
    found, standings = await subscribers.person(tx, claim.handle) or (None, ())
    return Person(claim, found, next((each for each in standings if each.digest == claim.digest), None), standings)


async def subscribe(
    tx: Tx,
    keys: Keyring,
    digest: str,
    address: Address,
    *,
    language: str = "",
    wording: str = "",
    ip: str = "",
    now: datetime,
    owe: OweNote,
    silent: bool = False,
) -> None:
    """Ask the owner of an address by a note whether they want this; says the same, whoever it is.

    Somebody who left stays so until they confirm, and nothing is written to an address that is confirmed and hears
    from us, nor to one that is suppressed because its owner complained or an operator said so, nor, if `silent`, to
    any. How long it takes tells no more than the answer does: the same is done for everybody, the note among it, and
    undone for those.
    """
    async with tx.begin_nested() as step:
        reason = await suppressions.reason_of(tx, address.norm)
        known = await subscribers.add(
            tx,
            handle=tokens.new_handle(),
            email=address.email,
            email_norm=address.norm,
            language=language,
            now=now,
        )
        old = await subscribers.subscription(tx, known.id, digest)
        evidence = consent.given(now, Way.FORM, wording=wording, ip=ip)
        await subscribers.subscribe(tx, [_pending(known, digest, evidence, now)])
        await askings.renew(tx, known.id, digest, now)
        await owe(tx, known, tokens.confirm_token(keys, known.handle, digest, now))
        if silent or not _may_be_asked(reason, old):
            await step.rollback()


def _may_be_asked(reason: SuppressionReason | None, old: Subscription | None) -> bool:
    if reason is not None:
        # Whose mail came back may be confirmed and yet hear nothing: asking anew is their way back.
        return reason in OWNER_LIFTS
    return old is None or old.state is not SubscriptionState.CONFIRMED


async def confirm(
    store: Store, keys: Keyring, token: str, *, wording: str = "", ip: str = "", now: datetime
) -> Confirmed | None:
    """Confirm by the link of a note; None when the link is not ours. Pressed twice it says so and changes nothing."""
    claim = tokens.read(keys, Purpose.CONFIRM, token)
    if claim is None:
        return None
    async with store.write() as tx:
        found = await person(tx, claim)
        outcome = judge(found, now)
        if outcome is not Confirmed.DONE or found.subscription is None or found.subscriber is None:
            return outcome
        reason = await suppressions.reason_of(tx, found.subscriber.email_norm)
        if reason is not None and reason not in OWNER_LIFTS:
            return Confirmed.EXPIRED
        if reason is not None:
            # Who presses a button in a letter reads mail at that address, and asks for more of it.
            await suppressions.remove(tx, found.subscriber.email_norm)
        old = found.subscription
        evidence = consent.given(now, Way.CONFIRM, wording=wording, ip=ip, before=old.evidence)
        new = old.state is not SubscriptionState.CONFIRMED
        await subscribers.move(tx, old, SubscriptionState.CONFIRMED, evidence=evidence, now=now, confirmed=new)
        await audit.add(
            tx,
            at=now,
            who="subscriber",
            action="confirm",
            subject=claim.handle,
            was=f"{old.digest} {old.state}",
            became=f"{old.digest} confirmed",
        )
    return outcome


def judge(found: Person, now: datetime) -> Confirmed:
    """Whether a valid confirm link still may do something: once, within 72 hours, and not beyond a later leaving."""
    old, made_at = found.subscription, found.claim.made_at
    if old is None or made_at is None:
        return Confirmed.EXPIRED
    if old.state is SubscriptionState.CONFIRMED and not (found.subscriber and found.subscriber.suppressed):
        return Confirmed.ALREADY
    # One that was confirmed is suppressed since: only what they asked for after confirming lifts that.
    overtaken = old.state is not SubscriptionState.PENDING and made_at < old.changed_at.replace(microsecond=0)
    if overtaken or not tokens.fresh(found.claim, now, lasts=tokens.CONFIRM_FOR):
        return Confirmed.EXPIRED
    return Confirmed.DONE


def _pending(known: Subscriber, digest: str, evidence: str, now: datetime) -> Subscription:
    return Subscription(
        subscriber=known.id,
        digest=digest,
        state=SubscriptionState.PENDING,
        basis=Basis.CONSENT,
        evidence=evidence,
        changed_at=now,
    )
