"""Changing a schedule at run time: at once, never backwards, nothing lost, and written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from digest.errors import ScheduleError, UsageError
from digest.schedules import flow
from digest.schedules.steer import Steer
from digest.schedules.tick import tick
from digest.settings import Settings
from digest.store import audit, schedules
from digest.store.database import Store

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WithStore = Callable[[Callable[[Store], Any]], Any]
Declare = Callable[..., Settings]


def hand(store: Store, settings: Settings, now: datetime) -> Steer:
    return Steer(store, settings, settings.digests["newsflash"], by="ana", why="the office is closed", now=now)


async def owed(store: Store, settings: Settings, now: datetime) -> list[str]:
    return [slot.key for slot in await tick(store, settings, now=now)]


async def going(store: Store, settings: Settings, now: datetime) -> list[str]:
    return [time.key for time in await flow.upcoming(store, settings, "newsflash", now=now, n=3) if time.goes]


def test_tuned_and_reset(with_store: WithStore, declare: Declare) -> None:
    """A tuned time counts at once and never backwards; what was due before it still comes; reset takes it back."""

    async def body(store: Store) -> None:
        settings = declare()
        await tick(store, settings, now=START)
        # Nine has passed, and no clock has looked yet.
        await hand(store, settings, START + 10 * HOUR).tune("daily 08:00")
        assert ["2026-01-01T09:00"] == await owed(store, settings, START + 12 * HOUR)
        assert ["2026-01-02T08:00", "2026-01-03T08:00", "2026-01-04T08:00"] == await going(
            store, settings, START + 12 * HOUR
        )
        await hand(store, settings, START + DAY + 8 * HOUR).reset()
        assert ["2026-01-01T09:00", "2026-01-02T08:00", "2026-01-02T09:00"] == await owed(
            store, declare(missed="each"), START + DAY + 10 * HOUR
        )
        with pytest.raises(UsageError, match="not tuned"):
            await hand(store, settings, START + 2 * DAY).reset()

    with_store(body)


def test_an_impossible_expression_changes_nothing(with_store: WithStore, declare: Declare) -> None:
    """It is refused with its reason, and no line is written."""

    async def body(store: Store) -> None:
        with pytest.raises(ScheduleError):
            await hand(store, declare(), START).tune("day 31 of feb 09:00")
        async with store.read() as tx:
            assert (None, ()) == (await schedules.get(tx, "newsflash"), await audit.listed(tx, "newsflash"))

    with_store(body)


def test_paused_and_resumed(with_store: WithStore, declare: Declare) -> None:
    """A pause lets slots pass until its end or until it is resumed, and nothing is made up for."""

    async def body(store: Store) -> None:
        settings = declare(missed="each")
        await hand(store, settings, START).pause(START + 2 * DAY)
        assert ["2026-01-03T09:00"] == await owed(store, settings, START + 2 * DAY + 10 * HOUR)
        await hand(store, settings, START + 2 * DAY + 10 * HOUR).pause(None)
        assert ["2026-01-03T09:00"] == await owed(store, settings, START + 4 * DAY)
        await hand(store, settings, START + 4 * DAY + 10 * HOUR).resume()
        assert ["2026-01-06T09:00", "2026-01-07T09:00", "2026-01-08T09:00"] == await going(
            store, settings, START + 4 * DAY + 10 * HOUR
        )
        with pytest.raises(UsageError, match="over already"):
            await hand(store, settings, START + 5 * DAY).pause(START)
        with pytest.raises(UsageError, match="not paused"):
            await hand(store, settings, START + 5 * DAY).resume()

    with_store(body)


def test_left_out_and_taken_back(with_store: WithStore, declare: Declare) -> None:
    """The next slots are left out; with 0 they come after all."""

    async def body(store: Store) -> None:
        settings = declare()
        await hand(store, settings, START).skip_next(2)
        assert ["2026-01-03T09:00"] == await going(store, settings, START)
        await hand(store, settings, START).skip_next(0)
        assert ["2026-01-01T09:00", "2026-01-02T09:00", "2026-01-03T09:00"] == await going(store, settings, START)

    with_store(body)


def test_run_now_is_one_more(with_store: WithStore, declare: Declare) -> None:
    """It is owed at once, and the regular slot comes as it would."""

    async def body(store: Store) -> None:
        settings = declare(missed="each")
        await hand(store, settings, START + HOUR).run_now()
        assert ["now 2026-01-01T01:00:00Z"] == await owed(store, settings, START + HOUR)
        assert ["now 2026-01-01T01:00:00Z", "2026-01-01T09:00"] == await owed(store, settings, START + 9 * HOUR)

    with_store(body)


def test_run_now_twice_in_a_second_is_two_more(with_store: WithStore, declare: Declare) -> None:
    """Whoever was told that an edition is owed gets one."""

    async def body(store: Store) -> None:
        settings, soon = declare(missed="each"), START + timedelta(milliseconds=300)
        await hand(store, settings, START).run_now()
        await hand(store, settings, soon).run_now()
        assert ["now 2026-01-01T00:00:00Z", "now 2026-01-01T00:00:00.300000Z"] == await owed(store, settings, soon)

    with_store(body)


def test_every_change_is_written_down(with_store: WithStore, declare: Declare) -> None:
    """Who, when, what, from, to, why; the newest first."""

    async def body(store: Store) -> None:
        settings = declare()
        await hand(store, settings, START).tune("1st tue 10:00")
        await hand(store, settings, START + HOUR).pause(START + DAY)
        async with store.read() as tx:
            lines = await audit.listed(tx, "newsflash")
        assert [
            ("schedule pause", "1st tue 10:00", "1st tue 10:00, paused until 2026-01-02 00:00 UTC", START + HOUR),
            ("schedule tune", "daily 09:00", "1st tue 10:00", START),
        ] == [(line.action, line.was, line.became, line.at) for line in lines]
        assert {("ana", "the office is closed")} == {(line.who, line.why) for line in lines}

    with_store(body)
