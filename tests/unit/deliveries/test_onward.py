"""A turn goes on claiming where it ended, and forgets nobody behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import update

from digest.deliveries.onward import AGAIN, Onward
from digest.model.deliveries import DeliveryState, Shard
from digest.store import deliveries, schema, shards
from digest.store.addressees import Addressees
from digest.store.database import Tx

from .house import NOW, House, opened

Domains = Mapping[str, int] | None


class Claims:
    """By one turn, of a mailing to forty; where the ledger was asked to begin is kept."""

    def __init__(self, house: House, shard: Shard, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[int] = []
        self._house = house
        self._onward = Onward(shard, "newsflash")
        claim = deliveries.claim

        async def watched(tx: Tx, shard: Shard, **how: object) -> Addressees:
            self.asked.append(shard.first)
            return await claim(tx, shard, **how)  # type: ignore[arg-type]

        monkeypatch.setattr(deliveries, "claim", watched)

    async def next(self, limit: int, *, later: float = 0, domains: Domains = None) -> list[int]:
        now = NOW + timedelta(seconds=later)
        async with self._house.store.write() as tx:
            claimed = await self._onward.claim(tx, limit=limit, now=now, domains=domains)
        return list(claimed.subscribers)

    async def owe(self, who: int) -> None:
        """It was not sent after all."""
        mine = schema.deliveries.c.subscriber_id == who
        async with self._house.store.write() as tx:
            await tx.execute(update(schema.deliveries).where(mine).values(state=int(DeliveryState.OWED)))


async def whole(house: House) -> Shard:
    """All forty in one."""
    await house.people(40)
    mailing = await house.seal()
    async with house.store.read() as tx:
        found = await shards.of(tx, mailing)
    return Shard(mailing=mailing, number=0, first=found[0].first, last=found[-1].last)


def test_everybody_once_and_nobody_is_passed_over(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each claim begins behind the one before; who was owed again behind it comes when nobody is left ahead."""

    async def main() -> None:
        async with opened(store_url) as house:
            claims = Claims(house, await whole(house), monkeypatch)
            assert [*range(1, 16)] == await claims.next(15)
            await claims.owe(3)
            assert [*range(16, 31)] == await claims.next(15)
            assert [*range(31, 41)] == await claims.next(15)
            assert [3] == await claims.next(15)
            assert [] == await claims.next(15)
            assert [1, 16, 31, 41, 1, 41, 1] == claims.asked

    asyncio.run(main())


def test_a_second_later_it_looks_from_the_beginning(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is due again waits no longer than that for those who were never tried."""
    late = AGAIN.total_seconds()

    async def main() -> None:
        async with opened(store_url) as house:
            claims = Claims(house, await whole(house), monkeypatch)
            await claims.next(15)
            await claims.owe(3)
            assert [16, 17] == await claims.next(2, later=late / 2)
            assert [3, 18] == await claims.next(2, later=late)
            assert [19, 20] == await claims.next(2, later=late * 1.5)

    asyncio.run(main())


def test_where_domains_have_their_own_pace_the_first_come_first(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was passed over for want of room has the next that there is."""

    async def main() -> None:
        async with opened(store_url) as house:
            claims = Claims(house, await whole(house), monkeypatch)
            assert [1] == await claims.next(2, domains={"example.com": 1})
            assert [2, 3] == await claims.next(2, domains={"example.com": 5})
            assert [4, 5] == await claims.next(2)

    asyncio.run(main())
