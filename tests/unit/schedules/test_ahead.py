"""Drafts that a person approves are made ahead of their time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from digest.errors import UsageError
from digest.schedules import flow
from digest.schedules.steer import Steer
from digest.schedules.tick import tick
from digest.settings import Settings
from digest.store.database import Store

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
WithStore = Callable[[Callable[[Store], Any]], Any]
Declare = Callable[..., Settings]


async def owed(store: Store, settings: Settings, now: datetime) -> list[str]:
    return [slot.key for slot in await tick(store, settings, now=now)]


async def shown(store: Store, settings: Settings, now: datetime) -> list[tuple[bool, str]]:
    times = await flow.upcoming(store, settings, "newsflash", now=now, n=1)
    return [(time.goes, *time.notes) for time in times]  # type: ignore[misc]


def test_a_slot_is_given_as_early_as_its_draft_is_wanted(with_store: WithStore, declare: Declare) -> None:
    """Two days ahead and not sooner, once; a digest that asks nobody has no use for it."""

    async def body(store: Store) -> None:
        settings = declare(schedule="mon 09:00", approval="manual", lead="2 days")
        monday = datetime(2026, 1, 5, 9, tzinfo=UTC)
        assert [] == await owed(store, settings, START)
        assert [] == await owed(store, settings, monday - 2 * DAY - timedelta(seconds=1))
        assert ["2026-01-05T09:00"] == await owed(store, settings, monday - 2 * DAY)
        assert ["2026-01-05T09:00"] == await owed(store, settings, monday + DAY)
        alone = declare(schedule="mon 09:00", lead="2 days")
        assert ["2026-01-05T09:00"] == await owed(store, alone, monday + 6 * DAY)

    with_store(body)


def test_tuning_to_an_earlier_time_is_heeded_within_the_lead(with_store: WithStore, declare: Declare) -> None:
    """What the old schedule had decided ahead comes once; the new one's slots come too, though they are near."""

    async def body(store: Store) -> None:
        settings = declare(schedule="daily 09:00", approval="manual", lead="20 hours", missed="each")
        await tick(store, settings, now=START)
        steer = Steer(store, settings, settings.digests["newsflash"], by="ana", why="", now=START)
        assert ["2026-01-01T09:00"] == await owed(store, settings, START)
        await steer.tune("daily 10:00")
        assert ["2026-01-01T09:00", "2026-01-01T10:00"] == await owed(store, settings, START)

    with_store(body)


def test_what_is_let_go_ahead_is_not_decided_before_its_time(with_store: WithStore, declare: Declare) -> None:
    """Within the lead, a pause may still end and `skip-next` be taken back: the slot comes; else it is left out."""

    async def body(store: Store) -> None:
        settings = declare(schedule="mon 09:00", approval="manual", lead="3 days")
        monday = datetime(2026, 1, 5, 9, tzinfo=UTC)
        await tick(store, settings, now=START)
        steer = Steer(store, settings, settings.digests["newsflash"], by="ana", why="", now=START)
        await steer.skip_next(1)
        await steer.pause(None)
        assert [] == await owed(store, settings, monday - 2 * DAY)
        assert [(False, "paused")] == await shown(store, settings, monday - DAY)
        later = Steer(store, settings, settings.digests["newsflash"], by="ana", why="", now=monday - DAY)
        await later.resume()
        assert [] == await owed(store, settings, monday - DAY)
        assert [(False, "left out by an operator")] == await shown(store, settings, monday - DAY)
        await later.skip_next(0)
        assert ["2026-01-05T09:00"] == await owed(store, settings, monday - DAY)
        assert [(True, "its draft is made")] == await shown(store, settings, monday - DAY)

    with_store(body)


def test_a_slot_left_out_is_left_out_once(with_store: WithStore, declare: Declare) -> None:
    """It uses up the wish when its time comes, and the one after has its draft made ahead as ever."""

    async def body(store: Store) -> None:
        settings = declare(schedule="mon 09:00", approval="manual", lead="3 days")
        monday = datetime(2026, 1, 5, 9, tzinfo=UTC)
        await tick(store, settings, now=START)
        await Steer(store, settings, settings.digests["newsflash"], by="ana", why="", now=START).skip_next(1)
        for hours in range(24 * 4, 24 * 8, 5):
            assert [] == await owed(store, settings, START + timedelta(hours=hours))
        assert ["2026-01-12T09:00"] == await owed(store, settings, monday + 4 * DAY)

    with_store(body)


def test_a_new_declaration_is_heeded_within_the_lead(with_store: WithStore, declare: Declare) -> None:
    """As a tuned one is: what was decided ahead comes once, and what the new one says for tomorrow comes, too."""

    async def body(store: Store) -> None:
        keys = {"approval": "manual", "lead": "6 days"}
        monday = datetime(2026, 1, 5, 9, tzinfo=UTC)
        settings = declare(schedule="mon 09:00", **keys)
        await tick(store, settings, now=START)
        assert ["2026-01-05T09:00"] == await owed(store, settings, monday - 3 * DAY)
        found = await owed(store, declare(schedule="sat 09:00", **keys), monday - 3 * DAY)
        assert ["2026-01-03T09:00", "2026-01-05T09:00"] == found

    with_store(body)


def test_what_comes_too_often_for_its_drafts_is_not_tuned(with_store: WithStore, declare: Declare) -> None:
    """Each draft would go into the next before its time, and never out: refused as in the configuration."""

    async def body(store: Store) -> None:
        settings = declare(schedule="mon 09:00", approval="manual", lead="2 days")
        steer = Steer(store, settings, settings.digests["newsflash"], by="ana", why="", now=START)
        with pytest.raises(UsageError, match="daily 09:00: comes too often"):
            await steer.tune("daily 09:00")
        await steer.tune("mon,thu 09:00")

    with_store(body)
