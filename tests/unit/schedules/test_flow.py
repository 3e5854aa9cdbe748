"""What `schedule next` and `schedule list` show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from digest.errors import NotFound
from digest.schedules import flow
from digest.schedules.tick import tick
from digest.settings import Settings
from digest.store.database import Store
from digest.store.schema import schedules as schedules_table

START = datetime(2026, 3, 27, tzinfo=UTC)
WithStore = Callable[[Callable[[Store], Any]], Any]
Declare = Callable[..., Settings]


def test_the_next_times_are_local_and_utc_with_notes(with_store: WithStore, declare: Declare) -> None:
    """A preview names the offset of each day, and says what the clock change does."""

    async def body(store: Store) -> None:
        settings = declare(schedule="daily 01:30")
        times = await flow.upcoming(store, settings, "newsflash", now=START, n=4)
        assert [
            "2026-03-27T01:30:00+00:00",
            "2026-03-28T01:30:00+00:00",
            "2026-03-29T02:00:00+01:00",
            "2026-03-30T01:30:00+01:00",
        ] == [time.local.isoformat() for time in times]
        assert all(time.local == time.utc and time.utc.tzinfo is UTC for time in times)
        assert [0, 0, 1, 0] == [len(time.notes) for time in times]

    with_store(body)


def test_the_preview_is_what_the_ticks_do(with_store: WithStore, declare: Declare) -> None:
    """Each time that is shown as going is owed at that moment, and no other."""

    async def body(store: Store) -> None:
        settings = declare(schedule="mon,wed 09:00", missed="each")
        await tick(store, settings, now=START)
        async with store.write() as tx:
            values = {"tuned": "daily 10:00", "paused": True, "paused_until": START + timedelta(days=2), "skip_next": 1}
            await tx.execute(update(schedules_table).values(values))
        times = await flow.upcoming(store, settings, "newsflash", now=START, n=6)
        assert [False, False, False, True, True, True] == [time.goes for time in times]
        assert ["paused", "paused", "left out by an operator"] == [time.notes[-1] for time in times[:3]]
        found = await tick(store, settings, now=times[-1].utc)
        assert [(time.key, time.utc) for time in times if time.goes] == [(slot.key, slot.at) for slot in found]

    with_store(body)


def test_the_list_says_what_counts(with_store: WithStore, declare: Declare) -> None:
    """A tuned schedule shows beside the declared one, in words, with the next time that goes."""

    async def body(store: Store) -> None:
        settings = declare(schedule="last fri 09:00")
        (unseen,) = await flow.listed(store, settings, now=START)
        assert (0, False, "last fri 09:00") == (unseen.revision, unseen.tuned, unseen.schedule)
        await tick(store, settings, now=START)
        async with store.write() as tx:
            values = {"tuned": "1st tue 10:00", "tuned_by": "ana", "tuned_why": "Easter", "skip_next": 1}
            await tx.execute(update(schedules_table).values(values))
        (line,) = await flow.listed(store, settings, now=START)
        assert "On the first Tuesday of each month at 10:00, London time" == line.words
        assert ("last fri 09:00", True, "ana", "Easter") == (line.declared, line.tuned, line.tuned_by, line.tuned_why)
        assert line.next is not None
        assert datetime(2026, 5, 5, 9, tzinfo=UTC) == line.next.utc
        async with store.write() as tx:
            await tx.execute(
                update(schedules_table).values({"paused": True, "paused_until": START + timedelta(days=9)})
            )
        for days, paused in ((8, True), (9, False)):
            (line,) = await flow.listed(store, settings, now=START + timedelta(days=days))
            assert (paused, paused) == (line.paused, line.paused_until is not None)

    with_store(body)


def test_an_unknown_digest_is_named(with_store: WithStore, declare: Declare) -> None:
    """A slug that names nothing is an error about that slug."""

    async def body(store: Store) -> None:
        with pytest.raises(NotFound, match="weekly"):
            await flow.upcoming(store, declare(), "weekly", now=START)

    with_store(body)


def test_the_next_that_goes_is_told_however_far_away(with_store: WithStore, declare: Declare) -> None:
    """Beyond a long pause, and what is left out after it."""

    async def body(store: Store) -> None:
        settings = declare(schedule="daily 09:00")
        await tick(store, settings, now=START)
        async with store.write() as tx:
            values = {"paused": True, "paused_until": datetime(2026, 6, 1, 8, tzinfo=UTC), "skip_next": 15}
            await tx.execute(update(schedules_table).values(values))
        (line,) = await flow.listed(store, settings, now=START)
        assert line.next is not None
        assert datetime(2026, 6, 16, 8, tzinfo=UTC) == line.next.utc

    with_store(body)
