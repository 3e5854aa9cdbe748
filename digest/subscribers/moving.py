"""Moving to another address: both mailboxes have a say, and for a week the old one can take it back.

A link mailed to the old address lets its owner say the new one; a link mailed to the new one makes the change. So
nobody who merely has an old letter moves somebody else, and nobody is moved to an address that is not theirs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from digest.model.subscribers import Subscriber, SubscriptionState
from digest.settings.keys import Keyring
from digest.store import address_changes, audit, erasing, subscribers, suppressions
from digest.store.address_changes import Change
from digest.store.database import Store, Tx
from digest.subscribers import tokens
from digest.subscribers.address import Address
from digest.subscribers.joining import OWNER_LIFTS, Person
from digest.subscribers.tokens import MOVE_FOR, UNDO_FOR, Claim, Purpose

Owe = Callable[[Tx, Change, str], Awaitable[None]]
"""Writes a note about a change with a token in it, in the transaction it is given."""

_LATER = timedelta(days=1)


class Moved(StrEnum):
    """What pressing the button came to."""

    DONE = "done"
    ALREADY = "already"
    EXPIRED = "expired"
    TAKEN = "taken"
    """Somebody gets letters at that address already."""


@dataclass(frozen=True, slots=True)
class Moving:
    """The change that a valid link is about, and whose it is; neither when it is too old to be known."""

    claim: Claim
    change: Change | None
    subscriber: Subscriber | None


async def ask(
    store: Store, keys: Keyring, found: Person, address: Address, *, now: datetime, owe: Owe
) -> Change | None:
    """Owe a note to the new address; None when nothing may be written to it, which nobody is told."""
    who = found.subscriber
    async with store.write() as tx:
        if who is None or await _kept_out(tx, address.norm):
            return None
        change = await address_changes.asked(tx, who.id, address.norm, now - MOVE_FOR)
        if change is None:
            change = Change(
                handle=tokens.new_handle(),
                subscriber_id=who.id,
                email=address.email,
                email_norm=address.norm,
                was_email=who.email,
                was_norm=who.email_norm,
                asked_at=now,
            )
            await address_changes.add(tx, change)
        await owe(tx, change, tokens.passing(keys, Purpose.MOVE, change.handle, found.claim.digest, now))
    return change


async def whose(store: Store, keys: Keyring, purpose: Purpose, token: str) -> Moving | None:
    """What a link is about; None when it is not ours. Reads only: a GET may call it."""
    claim = tokens.read(keys, purpose, token)
    if claim is None:
        return None
    async with store.glance() as tx:
        return await _moving(tx, claim)


async def move(store: Store, keys: Keyring, claim: Claim, *, now: datetime, tell: Owe) -> Moved:
    """Make the change, by the link in the new mailbox; `tell` writes to the old one how to take it back."""
    async with store.write() as tx:
        found = await _moving(tx, claim)
        outcome = judge(found, now)
        change = found.change
        if outcome is not Moved.DONE or change is None:
            return outcome
        if await _kept_out(tx, change.email_norm) or not await _free(tx, change.email_norm):
            return Moved.TAKEN
        if await suppressions.is_suppressed(tx, change.email_norm):
            # Who presses a button in a letter reads mail at that address, and asks for more of it.
            await suppressions.remove(tx, change.email_norm)
        await subscribers.set_address(tx, change.subscriber_id, email=change.email, email_norm=change.email_norm)
        await address_changes.done(tx, change, now)
        await _note(tx, found, "change address", now)
        await tell(tx, change, tokens.passing(keys, Purpose.MOVE_BACK, change.handle, claim.digest, now))
    return Moved.DONE


async def move_back(store: Store, claim: Claim, *, now: datetime) -> Moved:
    """Take the change back, by the link in the old mailbox, and with it whatever was changed since."""
    async with store.write() as tx:
        found = await _moving(tx, claim)
        outcome = judge_back(found, now)
        change = found.change
        if outcome is not Moved.DONE or change is None:
            return outcome
        if not await _free(tx, change.was_norm):
            return Moved.TAKEN
        await subscribers.set_address(tx, change.subscriber_id, email=change.was_email, email_norm=change.was_norm)
        await address_changes.undone(tx, change, now)
        await _note(tx, found, "take address back", now)
    return Moved.DONE


def judge(found: Moving, now: datetime) -> Moved:
    """Whether the link in the new mailbox still may do something."""
    change, who = found.change, found.subscriber
    if change is None or who is None or change.undone_at:
        return Moved.EXPIRED
    if change.done_at:
        return Moved.ALREADY
    overtaken = who.email_norm != change.was_norm
    return Moved.EXPIRED if overtaken or not tokens.fresh(found.claim, now, lasts=MOVE_FOR) else Moved.DONE


def judge_back(found: Moving, now: datetime) -> Moved:
    """The same of the link in the old mailbox."""
    change, who = found.change, found.subscriber
    if change is None or who is None or change.done_at is None:
        return Moved.EXPIRED
    if change.undone_at:
        return Moved.ALREADY if who.email_norm == change.was_norm else Moved.EXPIRED
    return Moved.DONE if tokens.fresh(found.claim, now, lasts=UNDO_FOR) else Moved.EXPIRED


async def tidy(tx: Tx, now: datetime) -> None:
    """Forget addresses that are not, or no longer, anybody's."""
    await address_changes.tidy(tx, asked_before=now - MOVE_FOR - _LATER, done_before=now - UNDO_FOR - _LATER)


async def _moving(tx: Tx, claim: Claim) -> Moving:
    change = await address_changes.get(tx, claim.handle)
    return Moving(claim, change, await subscribers.by_id(tx, change.subscriber_id) if change else None)


async def _kept_out(tx: Tx, norm: str) -> bool:
    """Suppressed for a reason that its owner does not lift by pressing a button."""
    reason = await suppressions.reason_of(tx, norm)
    return reason is not None and reason not in OWNER_LIFTS


async def _free(tx: Tx, norm: str) -> bool:
    """Whether an address may become somebody's: who only ever asked, and did not confirm, does not stand in the way."""
    other = await subscribers.by_email(tx, norm)
    if other is None:
        return True
    standings = await subscribers.subscriptions_of(tx, other.id)
    if any(each.state is not SubscriptionState.PENDING for each in standings):
        return False
    await erasing.empty(tx, other.id, blank=tokens.new_handle())
    return True


async def _note(tx: Tx, found: Moving, action: str, now: datetime) -> None:
    if found.subscriber:
        await audit.add(tx, at=now, who="subscriber", action=action, subject=found.subscriber.handle)
