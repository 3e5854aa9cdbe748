"""Where a mailing fails: the domains with most failures, on both stores."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from digest.model.deliveries import Reason
from digest.store import delivery_events, leases, shards
from digest.store.delivery_events import Trouble

from .house import opened


def test_the_worst_domains_come_first(store_url: str) -> None:
    """Counted by what stands; what was accepted after all is no failure."""

    async def main() -> None:
        async with opened(store_url) as house:
            await house.people(4)
            mailing = await house.seal()
            async with house.store.write() as tx:
                for who, kind in ((1, "rejected"), (2, "deferred"), (3, "uncertain"), (4, "deferred")):
                    await delivery_events.remember(
                        tx, mailing, who, kind, code=550, text=kind, count=1, now=house.clock(), reason=Reason.NOBODY
                    )
                await delivery_events.resolve(tx, mailing, [4], house.clock(), "accepted")
            async with house.store.read() as tx:
                found = await delivery_events.by_domain(tx, mailing, most=5)
            assert (Trouble("example.com", 1, 1, 1, "uncertain"),) == found

    asyncio.run(main())


def test_who_is_at_work_is_known_by_the_lease(store_url: str) -> None:
    """A mailing is being sent while somebody's lease on a part of it runs."""

    async def main() -> None:
        async with opened(store_url) as house:
            await house.people(2)
            mailing, now = await house.seal(), house.clock()
            async with house.store.write() as tx:
                assert frozenset() == await shards.at_work(tx, now)
                assert await leases.take(tx, mailing, 0, owner="me", now=now, until=now + timedelta(minutes=1))
                assert frozenset({mailing}) == await shards.at_work(tx, now)
                assert frozenset() == await shards.at_work(tx, now + timedelta(minutes=2))

    asyncio.run(main())
