"""Ticks against a real store: every slot once, whatever happens around it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from digest.schedules.tick import tick
from digest.settings import Settings
from digest.store import digests, schedules
from digest.store.database import Store, connect
from digest.store.schedules import OwedSlot, SlotState
from digest.store.schema import schedules as schedules_table
from digest.store.schema import slots as slots_table

START = datetime(2026, 1, 1, tzinfo=UTC)
NINE = START + timedelta(hours=9)
DAY = timedelta(days=1)
WithStore = Callable[[Callable[[Store], Any]], Any]
Declare = Callable[..., Settings]


def keys(found: tuple[OwedSlot, ...]) -> list[str]:
    return [slot.key for slot in found]


async def answer(store: Store, slot: OwedSlot, **how: Any) -> bool:
    async with store.write() as tx:
        return await schedules.answer_slot(tx, slot, **how)


async def change(store: Store, **values: Any) -> None:
    async with store.write() as tx:
        await tx.execute(update(schedules_table).values(values))


async def history(store: Store) -> list[tuple[str, str, str]]:
    async with store.read() as tx:
        c = slots_table.c
        found = await tx.execute(select(c.key, c.state, c.note).order_by(c.at.desc(), c.id.desc()))
        return [(row.key[:10], SlotState(row.state), row.note) for row in found]


def test_a_first_look_never_fires_backwards(with_store: WithStore, declare: Declare) -> None:
    """A schedule first seen at ten owes nothing for nine, and tomorrow's nine when it comes."""

    async def body(store: Store) -> None:
        settings = declare()
        assert () == await tick(store, settings, now=NINE + timedelta(hours=1))
        assert () == await tick(store, settings, now=NINE + timedelta(hours=2))
        assert ["2026-01-02T09:00"] == keys(await tick(store, settings, now=NINE + DAY))

    with_store(body)


def test_a_slot_is_given_until_it_is_answered(with_store: WithStore, declare: Declare) -> None:
    """A crash between tick and edition loses nothing; a second answer is told so."""

    async def body(store: Store) -> None:
        settings = declare()
        await tick(store, settings, now=START)
        (slot,) = await tick(store, settings, now=NINE)
        assert (slot,) == await tick(store, settings, now=NINE + timedelta(minutes=1))
        assert await answer(store, slot, note="sealed")
        assert not await answer(store, slot, state=SlotState.SKIPPED)
        assert () == await tick(store, settings, now=NINE + timedelta(minutes=2))
        assert [("2026-01-01", "answered", "sealed")] == await history(store)

    with_store(body)


def test_a_change_of_schedule_never_fires_backwards(with_store: WithStore, declare: Declare) -> None:
    """At ten, a schedule moved from eleven to eight owes nothing today; the revision counts up."""

    async def body(store: Store) -> None:
        await tick(store, declare(schedule="daily 11:00"), now=START)
        changed = declare(schedule="daily 08:00")
        assert () == await tick(store, changed, now=START + timedelta(hours=10))
        assert () == await tick(store, changed, now=START + timedelta(hours=12))
        assert ["2026-01-02T08:00"] == keys(await tick(store, changed, now=START + DAY + timedelta(hours=8)))
        async with store.read() as tx:
            standing = await schedules.get(tx, "newsflash")
        assert standing is not None
        assert (2, "daily 08:00") == (standing.revision, standing.declared)

    with_store(body)


def test_a_respelling_forgets_nothing(with_store: WithStore, declare: Declare) -> None:
    """A declaration that says the same in other words does not lose the slot that was due."""

    async def body(store: Store) -> None:
        await tick(store, declare(schedule="daily 09:00"), now=START)
        respelt = declare(schedule="Every day at 9:00")
        assert ["2026-01-01T09:00"] == keys(await tick(store, respelt, now=NINE + timedelta(hours=1)))

    with_store(body)


def test_the_tuned_schedule_counts(with_store: WithStore, declare: Declare) -> None:
    """While a schedule is tuned, the declared one is only remembered; one we cannot read gives way."""

    async def body(store: Store) -> None:
        await tick(store, declare(), now=START)
        await change(store, tuned="daily 10:00")
        found = await tick(store, declare(schedule="daily 08:00"), now=START + timedelta(hours=11))
        assert ["2026-01-01T10:00"] == keys(found)
        await change(store, tuned="when the moon is full")
        again = await tick(store, declare(schedule="daily 08:00"), now=START + timedelta(hours=33))
        assert ["2026-01-01T10:00", "2026-01-02T08:00"] == keys(again)

    with_store(body)


def test_pauses_and_left_out_slots_are_written_down(with_store: WithStore, declare: Declare) -> None:
    """A slot that did not go says why, and `skip_next` is used up."""

    async def body(store: Store) -> None:
        settings = declare(missed="each")
        await tick(store, settings, now=START)
        await change(store, paused=True, paused_until=START + DAY, skip_next=1)
        assert ["2026-01-03T09:00"] == keys(await tick(store, settings, now=NINE + 2 * DAY))
        expected = [
            ("2026-01-03", "owed", ""),
            ("2026-01-02", "skipped", "left out by an operator"),
            ("2026-01-01", "skipped", "paused"),
        ]
        assert expected == await history(store)
        async with store.read() as tx:
            standing = await schedules.get(tx, "newsflash")
        assert standing is not None
        assert 0 == standing.skip_next

    with_store(body)


def test_a_clock_set_back_does_no_harm(with_store: WithStore, declare: Declare) -> None:
    """The start line never moves back, so a corrected clock fires nothing again."""

    async def body(store: Store) -> None:
        settings = declare()
        await tick(store, settings, now=START)
        (slot,) = await tick(store, settings, now=NINE)
        await answer(store, slot)
        assert () == await tick(store, settings, now=START)
        assert () == await tick(store, settings, now=NINE + timedelta(minutes=1))

    with_store(body)


def test_two_clocks_tick_as_one(with_store: WithStore, declare: Declare, store_url: str) -> None:
    """Clocks that tick at the same moments, each on its own connections, write every slot once."""

    async def body(store: Store) -> None:
        settings = declare(missed="each", schedule="daily 01:30")
        await tick(store, settings, now=START)
        others = [connect(store_url) for _ in range(2)]
        try:
            for day in range(1, 11):
                now = START + day * DAY
                await asyncio.gather(*(tick(each, settings, now=now) for each in (store, *others)))
        finally:
            for each in others:
                await each.close()
        assert [f"2026-01-{day:02}T01:30" for day in range(1, 11)] == keys(await tick(store, settings, now=now))
        async with store.read() as tx:
            assert 10 == (await tx.execute(select(func.count()).select_from(slots_table))).scalar_one()

    with_store(body)


def test_a_year_with_both_clock_changes_owes_a_slot_a_day(with_store: WithStore, declare: Declare) -> None:
    """Daily at 01:30 in London gives one edition each local day of the year."""

    async def body(store: Store) -> None:
        settings = declare(missed="each", schedule="daily 01:30")
        await tick(store, settings, now=START)
        for fortnight in range(1, 27):
            found = await tick(store, settings, now=START + 14 * fortnight * DAY)
        wanted = [(START + day * DAY).date().isoformat() for day in range(364)]
        assert wanted == [key[:10] for key in keys(found)]

    with_store(body)


def test_digests_no_longer_declared_are_left_alone(with_store: WithStore, declare: Declare) -> None:
    """A digest taken out of the config owes nothing while it is out, and keeps its row."""

    async def body(store: Store) -> None:
        await tick(store, declare(), now=START)
        async with store.write() as tx:
            await digests.declare(tx, ("weekly",), START)
        assert () == await tick(store, declare("weekly"), now=NINE)
        async with store.read() as tx:
            assert ["newsflash", "weekly"] == [each.digest for each in await schedules.listed(tx)]

    with_store(body)


def test_an_idle_tick_writes_nothing(with_store: WithStore, declare: Declare) -> None:
    """While another process holds the write lock, a tick that finds nothing does not wait for it."""

    async def body(store: Store) -> None:
        settings = declare()
        await tick(store, settings, now=START)
        async with store.write():
            assert () == await asyncio.wait_for(tick(store, settings, now=START + timedelta(hours=1)), 5)

    with_store(body)
