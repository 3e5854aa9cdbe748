"""Old mailings: what is kept of them, and where PostgreSQL keeps the others."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Table, func, select, text, update

from digest.deliveries import flow
from digest.model.deliveries import DeliveryState
from digest.store import folding, partitions, shards
from digest.store.database import Tx
from digest.store.schema import deliveries, delivery_events, mailings
from digest.store.schema import shards as ranges
from tests.unit.deliveries.house import House, opened
from tests.unit.deliveries.sink import Sink

PEOPLE = 60


def test_only_totals_and_failures_are_kept(store_url: str) -> None:
    """One that is over for long is folded, once; one with an unsettled doubt, or that is young, stays as it is."""

    async def main() -> None:
        async with opened(store_url) as house, Sink() as sink:
            await house.people(PEOPLE)
            mailing = await house.seal()
            sink.answer = lambda stage, who: "550 5.1.1 unknown" if (stage, who) == ("rcpt", "p3@example.org") else None
            await flow.run_due(house.context(sink.url))
            async with house.store.read() as tx:
                before, kept = await shards.counts(tx, mailing), await _count(tx, delivery_events)
            assert (PEOPLE, 0) == (before.audience, await folding.fold(house.store, house.clock.at - timedelta(1)))
            house.clock.tick(days=91)
            await _put(house, mailing, DeliveryState.UNCERTAIN)
            assert 0 == await folding.fold(house.store, house.clock.at)
            await _put(house, mailing, DeliveryState.ACCEPTED)
            assert [1, 0] == [await folding.fold(house.store, house.clock.at) for _ in range(2)]
            async with house.store.read() as tx:
                assert (before, kept) == (await shards.counts(tx, mailing), await _count(tx, delivery_events))
                assert (0, 1) == (await _count(tx, deliveries), await _count(tx, ranges))
            assert 0 == (await flow.run_due(house.context(sink.url))).accepted

    asyncio.run(main())


def test_partitions_are_made_ahead_and_dropped(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mailing finds its own there; many may make them at once; an old one goes when nothing in it is alive."""
    monkeypatch.setattr(partitions, "SPAN", 1)

    async def main() -> None:
        async with opened(postgres_url) as house, Sink() as sink:
            await house.people(PEOPLE)
            await asyncio.gather(*(partitions.ahead(house.store) for _ in range(3)))
            await partitions.ahead(house.store)
            mailing = await house.seal()
            assert f"deliveries_{mailing}" == await _where(house)
            await partitions.ahead(house.store)
            await flow.run_due(house.context(sink.url))
            async with house.store.read() as tx:
                there = await partitions.there(tx)
                assert {mailing, mailing + 1, mailing + 2} == there
            async with house.store.write() as tx:
                assert 0 == await partitions.drop(tx, {mailing}, mailing + 1)
                assert 1 == await partitions.drop(tx, (), mailing + 1)
                assert {mailing + 1, mailing + 2} == await partitions.there(tx)

    asyncio.run(main())


def test_without_a_partition_it_goes_into_the_rest(postgres_url: str) -> None:
    """A clock that stood still stops no edition."""

    async def main() -> None:
        async with opened(postgres_url) as house:
            await house.people(PEOPLE)
            await house.seal()
            assert "deliveries_rest" == await _where(house)
            async with house.store.read() as tx:
                options = text(
                    "SELECT array_to_string(reloptions, ' ') FROM pg_class WHERE relname = 'deliveries_rest'"
                )
                assert "fillfactor=50" in (await tx.execute(options)).scalar_one()
            await partitions.ahead(house.store)
            assert "deliveries_rest" == await _where(house)

    asyncio.run(main())


async def _count(tx: Tx, table: Table) -> int:
    return int((await tx.execute(select(func.count()).select_from(table))).scalar_one())


async def _put(house: House, mailing: int, state: DeliveryState) -> None:
    """Put one delivery into a state."""
    async with house.store.write() as tx:
        one = (deliveries.c.mailing_id == mailing) & (deliveries.c.subscriber_id == 1)
        await tx.execute(update(deliveries).where(one).values(state=int(state), at=shards.HELD))
        for shard in await shards.of(tx, mailing):
            await shards.recount(tx, shard, house.clock.at)


async def _where(house: House) -> str:
    async with house.store.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(mailings))).scalar_one()
        query = text("SELECT DISTINCT tableoid::regclass::text FROM deliveries")
        return str((await tx.execute(query)).scalar_one())
