"""Drafts that a person approves are made ahead of their time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

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
        settings = declare(schedule="daily 09:00", approval="manual", lead="3 days", missed="each")
        await tick(store, settings, now=START)
        steer = Steer(store, settings, settings.digests["newsflash"], by="ana", why="", now=START)
        assert ["2026-01-01T09:00", "2026-01-02T09:00", "2026-01-03T09:00"] == await owed(store, settings, START)
        await steer.tune("daily 10:00")
        found = await owed(store, settings, START)
        assert ["2026-01-01T10:00", "2026-01-02T10:00", "2026-01-03T10:00"] == [key for key in found if "10:00" in key]
        assert 6 == len(found)

    with_store(body)
