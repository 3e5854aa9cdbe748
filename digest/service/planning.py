"""When an edition would be done at its sender's pace, in a sentence."""

from __future__ import annotations

from datetime import datetime

from digest.deliveries import plan
from digest.deliveries.plan import Share
from digest.service.house import House, now
from digest.settings import Digest
from digest.store import audiences
from digest.store.database import Tx


async def planned(house: House, tx: Tx, digest: Digest, count: int, *, start: datetime) -> str:
    """ "2,400 recipients, 500 a day: done Friday 10:20", in the digest's zone, when it begins at `start`."""
    sender, at = house.settings.senders[digest.sender], now()
    shares = [Share(count=count, limits=sender.limits)]
    for domain, limits in sender.domains.items():
        people = await audiences.count(tx, digest.slug, at, segment=digest.audience.segment, domain=domain)
        shares.append(Share(count=min(count, people), limits=limits, domain=domain))
    return plan.words(shares, start=max(start, at), now=at, zone=digest.zone)
