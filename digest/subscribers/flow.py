"""Everything that changes who gets what, in one place to call: entering, joining, leaving, and looking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from digest.errors import NotFound, UsageError
from digest.model.subscribers import EVERYBODY, Segment, Subscriber, Subscription, SubscriptionState, SuppressionReason
from digest.store import audit, erasing, subscribers, suppressions
from digest.store.database import Store, Tx
from digest.subscribers import address as addresses
from digest.subscribers import tokens
from digest.subscribers.address import Address, Refused
from digest.subscribers.entering import ImportReport, add, import_csv
from digest.subscribers.joining import Confirmed, Person, confirm, subscribe, whose
from digest.subscribers.leaving import (
    Left,
    leave,
    pause,
    put_off,
    resubscribe,
    unsubscribe,
    unsubscribe_address,
    unsubscribe_all,
)

__all__ = [
    "Confirmed",
    "ImportReport",
    "Left",
    "Person",
    "Shown",
    "add",
    "address",
    "confirm",
    "erase_again",
    "forget",
    "import_csv",
    "leave",
    "listed",
    "pause",
    "put_off",
    "resubscribe",
    "show",
    "subscribe",
    "suppress",
    "unsubscribe",
    "unsubscribe_address",
    "unsubscribe_all",
    "unsuppress",
    "whose",
]


@dataclass(frozen=True, slots=True)
class Shown:
    """All we hold about one person: their subscriptions, whether we must not write, and what was changed."""

    subscriber: Subscriber
    subscriptions: tuple[Subscription, ...]
    suppressed: bool
    history: tuple[audit.Entry, ...]


def address(text: str) -> Address:
    """An address an operator typed; UsageError says why it is none."""
    found = addresses.read(text)
    if isinstance(found, Refused):
        raise UsageError(found.why, about=text)
    return found


async def listed(
    store: Store,
    digest: str | None = None,
    state: SubscriptionState | None = None,
    segment: Segment = EVERYBODY,
    *,
    limit: int | None = None,
) -> tuple[tuple[Subscriber, Subscription], ...]:
    """Subscribers with their subscription, of one digest or all, in the order they came."""
    async with store.read() as tx:
        return tuple([pair async for pair in subscribers.listed(tx, digest, state, segment, limit=limit)])


async def show(store: Store, email: str) -> Shown:
    """One person by address; NotFound when nobody has it."""
    norm = address(email).norm
    async with store.read() as tx:
        found = next(iter(await subscribers.spelt(tx, norm)), None)
        if found is None:
            raise NotFound("no subscriber has this address", about=email)
        return Shown(
            found,
            await subscribers.subscriptions_of(tx, found.id),
            await subscribers.is_suppressed(tx, found.id),
            await audit.listed(tx, found.handle),
        )


async def suppress(
    store: Store,
    email: str,
    *,
    reason: SuppressionReason = SuppressionReason.OPERATOR,
    source: str = "operator",
    who: str = "operator",
    now: datetime,
) -> None:
    """Never write to an address again, whatever it is subscribed to."""
    norm = address(email).norm
    async with store.write() as tx:
        await suppressions.add(tx, norm, reason, source=source, now=now)
        await _note(tx, norm, "suppress", who=who, why=source, now=now)


async def unsuppress(store: Store, email: str, *, who: str = "operator", now: datetime) -> bool:
    """Lift a suppression; False when there was none."""
    norm = address(email).norm
    async with store.write() as tx:
        lifted = await suppressions.remove(tx, norm)
        if lifted:
            await _note(tx, norm, "lift suppression", who=who, why="", now=now)
        return lifted


async def _note(tx: Tx, norm: str, action: str, *, who: str, why: str, now: datetime) -> None:
    """Write it into the audit of everybody with that address; of an address that is nobody's, only that it was done."""
    for subject in [each.handle for each in await subscribers.spelt(tx, norm)] or [""]:
        await audit.add(tx, at=now, who=who, action=action, subject=subject, why=why)


async def forget(store: Store, email: str, *, now: datetime) -> bool:
    """Keep nothing of a person but a keyed hash that stops an import from bringing them back; False if unknown."""
    who = address(email)
    async with store.write() as tx:
        await suppressions.add(tx, who.norm, SuppressionReason.ERASED, source="forget", now=now)
        return await erasing.erase(tx, who.norm, email=who.email, blank=tokens.new_handle)


async def erase_again(tx: Tx) -> int:
    """Erase whom an older store brought back though they had been erased; how many."""
    back = await erasing.returned(tx)
    for norm in back:
        await erasing.erase(tx, norm, blank=tokens.new_handle)
    return len(back)
