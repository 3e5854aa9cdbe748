"""Two clocks on one ledger, killed at random through months of days: no edition twice, and with `each` none missing."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from digest.schedule import parse, slots
from digest.schedules.tick import tick
from digest.store import digests, editions, migrate
from digest.store.database import connect
from tests.faults.clock_process import START, declared, simulated

pytestmark = pytest.mark.long

DAYS = max(12, int(36 * float(os.environ.get("SCALE") or 1)))
RATE = 2.0
"""Days in a second: slow enough that no clock is ever away for as many slots as one look makes up for."""
REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("missed", ["each", "latest", "skip"])
def test_no_kill_makes_an_edition_twice_or_loses_one(store_url: str, missed: str) -> None:
    """Whatever dies when: each slot has one edition at most, and exactly one where the policy makes up for all."""
    asyncio.run(begun(store_url, missed))
    began, dice = time.time(), random.Random(missed)
    clocks = [started(store_url, missed, began) for _ in range(2)]
    try:
        while simulated(began, RATE) < START + timedelta(days=DAYS):
            time.sleep(dice.uniform(0.2, 1.2))
            place = dice.randrange(len(clocks))
            clocks[place].kill()
            clocks[place].wait()
            clocks[place] = started(store_url, missed, began)
        end = simulated(began, RATE)
        made = waited(store_url, last := days(end)[-1])
    finally:
        for clock in clocks:
            clock.kill()
            clock.wait()
    assert {1} == set(Counter(made).values())
    if missed == "each":
        assert days(end) == [day for day in sorted(made) if day <= last]


def started(url: str, missed: str, began: float) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "tests.faults.clock_process", url, missed, str(began), str(RATE)]
    return subprocess.Popen(words, cwd=REPOSITORY, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})


def days(end: datetime) -> list[str]:
    """The local dates of the slots up to then."""
    found = slots(parse("daily 01:30"), ZoneInfo("Europe/London"), START, end)
    return [slot.key[:10] for slot in found]


def waited(url: str, last: str) -> list[str]:
    """The local dates of the editions, once that of `last` or a later one is there."""
    for _ in range(600):
        made = asyncio.run(labels(url))
        if made and max(made) >= last:
            return made
        time.sleep(0.1)
    raise AssertionError(f"no edition of {last} in a minute")


async def labels(url: str) -> list[str]:
    store = connect(url)
    try:
        async with store.read() as tx:
            zone = ZoneInfo("Europe/London")
            found = await editions.listed(tx)
            return [each.slot_at.astimezone(zone).date().isoformat() for each in found if each.slot_at]
    finally:
        await store.close()


async def begun(url: str, missed: str) -> None:
    """A ledger whose schedule was first seen at the start."""
    store = connect(url)
    await migrate.upgrade(store)
    async with store.write() as tx:
        await digests.declare(tx, ("newsflash",), START)
    await tick(store, declared(missed), now=START)
    await store.close()
