"""Whom a mailing is for is fixed at its seal; that a long list takes a while changes nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, text, update

from digest.deliveries import flow, proof, seal
from digest.model.deliveries import DeliveryState
from digest.model.subscribers import Segment
from digest.store import audiences, partitions
from digest.store import shards as ledger
from digest.store.schema import attributes, mailings, shards, subscriptions

from .house import House, opened
from .sink import Sink

PEOPLE = 2_350


class Killed(BaseException):
    """The end of a process in the middle of it."""


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list is long beyond 100, and each step takes a thousand."""
    monkeypatch.setattr(seal, "AT_ONCE", 100)
    monkeypatch.setattr(seal, "next_limit", lambda limit, took, hold: 700)
    monkeypatch.setattr(proof, "SHARD", 300)


def test_everybody_is_owed_one_and_every_shard_is_full(store_url: str) -> None:
    """The first has the 2 % that are tried first, the others have a thousand or so, and together they are all."""

    async def main() -> None:
        async with opened(store_url) as house:
            await house.people(PEOPLE)
            await house.seal()
            assert {} == await house.states()
            await seal.freeze(house.store, now=house.clock())
            assert dict.fromkeys(range(1, PEOPLE + 1), DeliveryState.OWED) == await house.states()
            assert PEOPLE == (await house.mailing()).audience
            sizes = [owed for _, _, owed in await cut(house)]
            assert [proof.proof_size(PEOPLE)] + [300] * 7 + [200] == sizes
            together = [each for first, last, _ in await cut(house) for each in range(first, last + 1)]
            assert list(range(1, PEOPLE + 1)) == together

    asyncio.run(main())


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_cut_short_it_is_completed_by_the_next(url: str, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Nothing goes out before all are owed theirs; whoever sends next goes on where it stopped."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(PEOPLE)
            await house.seal()
            with pytest.raises(Killed):
                await killed_after(house, monkeypatch, steps)
            async with house.store.read() as tx:
                assert () == await ledger.due_digests(tx, house.clock())
            report = await flow.run_due(house.context(sink.url))
            assert PEOPLE == report.counts.accepted == len(set(sink.recipients)) == len(sink.recipients)

    asyncio.run(main())


def test_who_comes_later_gets_the_next_one(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not whoever subscribes or confirms after the seal, and not whoever has left by then."""

    async def main() -> None:
        async with opened(url) as house:
            await house.people(PEOPLE)
            await house.people(1, first=PEOPLE + 1, state="pending")
            await house.seal()
            with pytest.raises(Killed):
                await killed_after(house, monkeypatch, 2)
            house.clock.tick(hours=1)
            await house.people(5, first=PEOPLE + 2)
            await house.leave(PEOPLE - 1)
            chosen = subscriptions.c.subscriber_id == PEOPLE + 1
            values = {"state": "confirmed", "confirmed_at": house.clock()}
            async with house.store.write() as tx:
                await tx.execute(update(subscriptions).where(chosen).values(**values))
            await seal.freeze(house.store, now=house.clock())
            assert {*range(1, PEOPLE - 1), PEOPLE} == set(await house.states())

    asyncio.run(main())


def test_a_segment_is_who_it_was_sealed_for(store_url: str) -> None:
    """Of those who read Spanish, are in Chile and joined in time; in a few steps, by two at once, as in one."""
    since = datetime(2026, 1, 1, tzinfo=UTC)
    segment = Segment(language="es", attributes=(("country", "Chile"),), joined_since=since)

    async def main() -> None:
        async with opened(store_url) as house:
            for first, language in ((1, "es"), (401, "en"), (801, "es-cl"), (1201, "")):
                await house.people(400, first=first, language=language)
            chile = [{"subscriber_id": each, "name": "country", "value": "Chile"} for each in range(1, 1601, 2)]
            early = subscriptions.c.subscriber_id <= 100
            async with house.store.write() as tx:
                await tx.execute(insert(attributes), chile)
                values = {"confirmed_at": since - timedelta(days=1)}
                await tx.execute(update(subscriptions).where(early).values(**values))
                assert 350 == await audiences.count(tx, "newsflash", house.clock(), segment=segment)
            mailing = await house.seal(segment=segment)
            async with house.store.read() as tx:
                assert 350 == await audiences.roughly(tx, mailing)
            await asyncio.gather(*(seal.freeze(house.store, now=house.clock()) for _ in range(2)))
            assert {*range(101, 401, 2), *range(801, 1201, 2)} == set(await house.states())
            assert 350 == (await house.mailing()).audience
            sizes = [owed for _, _, owed in await cut(house)]
            assert (proof.proof_size(350), 350) == (sizes[0], sum(sizes))

    asyncio.run(main())


def test_the_planner_sees_what_is_owed(postgres_url: str) -> None:
    """Else each person of a claim is looked up by itself, until the database comes to it."""

    async def main() -> None:
        async with opened(postgres_url) as house:
            await partitions.ahead(house.store)
            await house.people(250)
            mailing = await house.seal()
            await seal.freeze(house.store, now=house.clock())
            named = text("SELECT reltuples FROM pg_class WHERE relname = :name")
            async with house.store.read() as tx:
                name = f"deliveries_{mailing // partitions.SPAN * partitions.SPAN}"
                assert 250 == (await tx.execute(named, {"name": name})).scalar_one()

    asyncio.run(main())


def test_two_at_once_do_it_once(store_url: str) -> None:
    """Two processes that both go on with it owe nobody two."""

    async def main() -> None:
        async with opened(store_url) as house:
            await house.people(PEOPLE)
            await house.seal()
            await asyncio.gather(*(seal.freeze(house.store, now=house.clock()) for _ in range(2)))
            assert PEOPLE == len(await house.states()) == sum(owed for _, _, owed in await cut(house))

    asyncio.run(main())


def test_cancelled_in_between(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not yet owed never is."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(PEOPLE)
            mailing = await house.seal()
            with pytest.raises(Killed):
                await killed_after(house, monkeypatch, 2)
            async with house.store.write() as tx:
                assert await flow.cancel(tx, mailing, why="wrong picture", now=house.clock())
            before = await house.states()
            await flow.run_due(house.context(sink.url))
            assert before == await house.states()
            assert {DeliveryState.WITHDRAWN} == set(before.values())

    asyncio.run(main())


def test_paused_before_it_began_it_still_tries_a_few_first(url: str) -> None:
    """Resumed, it goes on as if nothing had been: the first few, then the others."""

    async def main() -> None:
        async with opened(url) as house:
            await house.people(PEOPLE)
            mailing = await house.seal()
            async with house.store.write() as tx:
                await flow.pause(tx, mailing, why="wait", now=house.clock())
                await flow.resume(tx, mailing, now=house.clock() + timedelta(hours=1))
                status = select(mailings.c.status).where(mailings.c.id == mailing)
                assert "proving" == (await tx.execute(status)).scalar_one()

    asyncio.run(main())


@given(st.integers(1, 100_000), st.floats(0, 10))
def test_steps_grow_and_shrink_with_the_time_they_take(limit: int, took: float) -> None:
    """At most doubled, never more than the ledger can take at once, never less than a shard."""
    following = NEXT_LIMIT(limit, took)
    assert proof.SHARD <= following <= seal.MOST_AT_ONCE
    assert following <= max(2 * limit, proof.SHARD)
    if took > 0.1:
        assert following <= max(limit, proof.SHARD)


NEXT_LIMIT = seal.next_limit


async def killed_after(house: House, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Owe some steps' deliveries, and die in the middle of the next."""
    left, freeze = steps, audiences.freeze

    async def dying(*args: Any, **options: Any) -> bool:
        nonlocal left
        done = await freeze(*args, **options)
        if not left:
            raise Killed
        left -= 1
        return done

    with monkeypatch.context() as patch:
        patch.setattr(audiences, "freeze", dying)
        await seal.freeze(house.store, now=house.clock())


async def cut(house: House) -> list[tuple[int, int, int]]:
    """The shards, as (first, last, owed)."""
    async with house.store.read() as tx:
        rows = await tx.execute(select(shards.c.first, shards.c.last, shards.c.owed).order_by(shards.c.number))
        return [(row.first, row.last, row.owed) for row in rows]
