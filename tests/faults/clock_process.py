"""`digest tick` as a process of its own, on time that runs faster.

    python -m tests.faults.clock_process CONFIG BEGAN RATE

The service itself, but for the time that it is told, and a shorter beat. It ends only by a kill.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.service import house
from digest.settings import load

START = datetime(2026, 3, 1, tzinfo=UTC)
"""Four weeks before a night without half past one in London."""
BEAT = timedelta(seconds=0.05)


def simulated(began: float, rate: float) -> datetime:
    """Now, where each second since `began` is `rate` days."""
    return START + timedelta(days=(time.time() - began) * rate)


def run(config: Path, began: float, rate: float) -> None:
    """Keep the clock, as `digest tick` does."""
    house.now = lambda: simulated(began, rate)
    # Every room takes the time by its name: so they are opened only now.
    from digest.web import process

    process.TICK = process.WATCH = process.TIDY = BEAT
    roles = process.Roles(web=False, clock=True, sender=False)
    asyncio.run(process.run(load(config), roles, host="", port=0, say=print))


if __name__ == "__main__":
    run(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
