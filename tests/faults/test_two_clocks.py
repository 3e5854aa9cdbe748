"""Two clocks on one ledger, killed at random through months of days: no edition twice, and with `each` none missing."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import random
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from digest.model.editions import EditionStatus
from digest.schedule import parse, slots
from digest.schedules.tick import tick
from digest.settings import load
from digest.store import digests, editions, migrate
from digest.store.database import connect
from tests.builders import Desk, folder_source
from tests.faults.clock_process import START, run, simulated

pytestmark = pytest.mark.long

DAYS = max(12, int(30 * float(os.environ.get("SCALE") or 1)))
RATE = 2.0
"""Days in a second: slow enough that no clock is ever away for as many slots as one look makes up for."""
LONDON = ZoneInfo("Europe/London")
FORKS = multiprocessing.get_context("forkserver")
# Each begins in an instant, having read no code: so more of them can die.
FORKS.set_forkserver_preload(["digest.web.process"])


@dataclass(frozen=True, slots=True)
class Made:
    """What stands in the ledger: the local date of each edition's slot, and how often each announcement was carried."""

    days: list[str]
    carried: Counter[int]
    skipped: int


@pytest.mark.parametrize("missed", ["each", "latest", "skip"])
def test_no_kill_makes_an_edition_twice_or_loses_one(desk: Desk, store_url: str, missed: str) -> None:
    """Whatever dies when: each slot has one edition at most, and exactly one where the policy makes up for all.

    And each announcement is carried by one of them, whoever read it.
    """
    declared(desk, store_url, missed)
    asyncio.run(begun(desk))
    began, dice, written = time.time(), random.Random(missed), 0
    numbers = itertools.count()
    clocks = [Clock(desk, began, next(numbers)) for _ in range(2)]
    try:
        while simulated(began, RATE) < START + timedelta(days=DAYS):
            written += 1
            desk.write(f"n{written}", f"Thing {written}", f"{simulated(began, RATE):%Y-%m-%d}")
            doomed = dice.choice([(0,), (1,), (0, 1)])
            for place in doomed:
                clocks[place].work()
            time.sleep(until_a_slot(began) + dice.uniform(0, 0.25))
            for place in doomed:
                clocks[place].kill()
                clocks[place] = Clock(desk, began, next(numbers))
        end = simulated(began, RATE)
        made = waited(desk, last := days(end)[-1], written)
    finally:
        for clock in clocks:
            clock.kill()
    assert {1} == set(Counter(made.days).values())
    assert [1] * written == list(made.carried.values())
    assert made.skipped < len(made.days)
    if missed == "each":
        assert days(end) == [day for day in sorted(made.days) if day <= last]


class Clock:
    """A process that keeps the clock, and the log of it."""

    def __init__(self, desk: Desk, began: float, number: int) -> None:
        self._log = desk.folder / f"clock{number}.log"
        self._log.touch()
        self._process = FORKS.Process(target=run, args=(desk.config, self._log, began, RATE))
        self._process.start()

    def work(self) -> None:
        """Wait until it has looked at a slot."""
        until = time.monotonic() + 60
        while not self._log.stat().st_size and time.monotonic() < until:
            time.sleep(0.02)
        assert (True, True) == (self._process.is_alive(), "slot" in self._log.read_text()), self._log.read_text()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()


def declared(desk: Desk, url: str, missed: str) -> None:
    """One digest that comes out each day, at an hour that a change of clocks leaves out or doubles."""
    digest = f'missed = "{missed}"\ngrace = "0"'
    desk.declare(sources=folder_source(desk.folder), digest=digest, database=url)
    text = desk.config.read_text()
    desk.config.write_text(text.replace("last fri 09:00", "daily 01:30"))


def days(end: datetime) -> list[str]:
    """The local dates of the slots up to then."""
    return [slot.key[:10] for slot in slots(parse("daily 01:30"), LONDON, START, end)]


def until_a_slot(began: float) -> float:
    """Seconds until the next slot, when there is something to die in."""
    passed = (simulated(began, RATE) - START - timedelta(hours=1, minutes=30)) / timedelta(days=1)
    return (1 - passed % 1) / RATE


def waited(desk: Desk, last: str, written: int) -> Made:
    """What was made, once the edition of `last` or a later one is there, and all that was written is in some."""
    for _ in range(300):
        made = asyncio.run(looked(desk))
        if made.days and max(made.days) >= last and len(made.carried) >= written:
            return made
        time.sleep(0.1)
    raise AssertionError(f"not all of {last} in time: {made}")


async def looked(desk: Desk) -> Made:
    store = connect(load(desk.config).database.url)
    try:
        async with store.read() as tx:
            found = [each for each in await editions.listed(tx) if each.slot_at]
            carried = Counter([item for each in found for item, _ in await editions.contents(tx, each)])
            made = [each.slot_at.astimezone(LONDON).date().isoformat() for each in found if each.slot_at]
            return Made(made, carried, sum(each.status is EditionStatus.SKIPPED for each in found))
    finally:
        await store.close()


async def begun(desk: Desk) -> None:
    """A ledger whose schedule was first seen at the start."""
    settings = load(desk.config)
    store = connect(settings.database.url)
    await migrate.upgrade(store)
    async with store.write() as tx:
        await digests.declare(tx, ("newsflash",), START)
    await tick(store, settings, now=START)
    await store.close()
