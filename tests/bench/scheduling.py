"""What schedules cost: a look at a thousand digests, ten years of times, ten years replayed. By hand, JSON lines.

.venv/bin/python tests/bench/scheduling.py
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.schedule import parse, slots
from digest.schedules.simulate import Arrival, replay
from digest.schedules.tick import tick
from digest.settings import Settings
from digest.store import digests
from digest.store.database import connect
from digest.store.migrate import upgrade

DIGESTS = 1_000
ROUNDS = 7
START = datetime(2026, 1, 1, tzinfo=UTC)
TEN_YEARS = timedelta(days=3652)
SPECS = ("last fri 09:00", "1st tue 10:00", "daily 07:30", "last business day 16:00 holidays GB", "mon 07:30")


def settings() -> Settings:
    """A thousand digests of five kinds in three zones."""
    zones = ("Europe/London", "America/New_York", "Australia/Lord_Howe")
    return Settings.model_validate(
        {
            "site": {"url": "https://news.example.org"},
            "senders": {"main": {"url": "smtp://127.0.0.1:1025", "from": "News <news@example.org>"}},
            "digests": {
                f"d{number}": {
                    "sender": "main",
                    "schedule": SPECS[number % len(SPECS)],
                    "timezone": zones[number % len(zones)],
                }
                for number in range(DIGESTS)
            },
        }
    )


async def looks() -> None:
    """A look that finds nothing, and one that finds a morning's slots."""
    declared = settings()
    with tempfile.TemporaryDirectory() as scratch:
        store = connect(f"sqlite:///{Path(scratch)}/digest.db")
        await upgrade(store)
        async with store.write() as tx:
            await digests.declare(tx, tuple(declared.digests), START)
        now = START
        await tick(store, declared, now=now)
        idle, busy = [], []
        for _ in range(ROUNDS):
            now += timedelta(seconds=5)
            idle.append(await took(partial(tick, store, declared, now=now)))
            now += timedelta(days=1)
            busy.append(await took(partial(tick, store, declared, now=now)))
        await store.close()
    tell(f"a look at {DIGESTS} digests, nothing due", idle)
    tell(f"a look at {DIGESTS} digests, a day's slots due", busy)


async def took(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000


def ten_years() -> None:
    """Every expression's times over ten years, and an archive of five thousand replayed on them."""
    arrivals = [Arrival(START + timedelta(hours=17 * each), str(each)) for each in range(5_000)]
    for spec in SPECS:
        each = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            found = slots(parse(spec), ZoneInfo("Europe/London"), START, START + TEN_YEARS)
            replay(found, arrivals, min_items=1)
            each.append((time.perf_counter() - began) * 1000)
        tell(f"ten years of {spec}, replayed", each)


def tell(case: str, milliseconds: list[float]) -> None:
    print(json.dumps({"case": case, "ms": round(statistics.median(milliseconds), 1)}))


if __name__ == "__main__":
    asyncio.run(looks())
    ten_years()
    sys.exit(0)
