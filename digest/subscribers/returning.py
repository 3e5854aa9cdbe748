"""Taking leaves back in number: those that programs made, never those of people who used a page."""

from __future__ import annotations

from datetime import datetime

from digest.model.subscribers import SubscriptionState
from digest.store import audit, subscribers
from digest.store.database import Store
from digest.subscribers import consent
from digest.subscribers.consent import Way


async def bring_back(store: Store, way: Way, *, since: datetime, until: datetime, who: str, now: datetime) -> int:
    """Confirm again whoever left that way within the window; how many. The suppressed stay off."""
    async with store.read() as tx:
        left = [
            (subscriber, standing)
            async for subscriber, standing in subscribers.listed(tx, None, SubscriptionState.UNSUBSCRIBED)
            if standing.confirmed_at
            and since <= standing.changed_at < until
            and consent.left_by(standing.evidence) == way
        ]
    many = 0
    for subscriber, standing in left:
        async with store.write() as tx:
            if await subscribers.is_suppressed(tx, subscriber.id):
                continue
            evidence = consent.returned(standing.evidence, now)
            if await subscribers.move(tx, standing, SubscriptionState.CONFIRMED, evidence=evidence, now=now):
                became = f"{standing.digest} confirmed"
                await audit.add(tx, at=now, who=who, action="bring back", subject=subscriber.handle, became=became)
                many += 1
    return many
