"""When an edition would be done at its sender's pace, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from digest.deliveries import plan
from digest.deliveries.plan import Share
from digest.service.house import House, now
from digest.settings import Digest
from digest.settings.sections import Limits
from digest.store import audiences, pace
from digest.store.database import Tx
from digest.store.pace import DAY, HOUR, Spent


async def planned(house: House, tx: Tx, digest: Digest, count: int, *, start: datetime) -> str:
    """ "2,400 recipients, 500 a day: done Friday 10:20", in the digest's zone, when it begins at `start`."""
    sender, at = house.settings.senders[digest.sender], now()
    shares = [Share(count=count, limits=sender.limits, spent=await spent(tx, sender.slug, sender.limits, at))]
    for domain, limits in sender.domains.items():
        people = await audiences.count(tx, digest.slug, at, segment=digest.audience.segment, domain=domain)
        before = await spent(tx, f"{sender.slug} {domain}", limits, at)
        shares.append(Share(count=min(count, people), limits=limits, domain=domain, spent=before))
    return plan.words(shares, start=max(start, at), now=at, zone=digest.zone)


async def spent(tx: Tx, key: str, limits: Limits, at: datetime) -> Mapping[timedelta, Spent]:
    """What has gone already of the hour and the day that a pace has limits for; `key` as in `Pace`."""
    windows = [window for limit, window in ((limits.per_hour, HOUR), (limits.per_day, DAY)) if limit is not None]
    found = {window: await pace.spent(tx, key, window, at) for window in windows}
    return {window: each for window, each in found.items() if each}
