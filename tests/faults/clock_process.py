"""`digest tick` as a process: the service itself, on time that runs faster, and with a shorter beat."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.service import house
from digest.settings import load
from digest.web import process

START = datetime(2026, 3, 1, tzinfo=UTC)
"""Four weeks before the night that has no half past one in London."""
BEAT = timedelta(seconds=0.05)


def simulated(began: float, rate: float) -> datetime:
    """Now, where each second since `began` is `rate` days."""
    return START + timedelta(days=(time.time() - began) * rate)


def run(config: Path, log: Path, began: float, rate: float) -> None:
    """Keep the clock as `digest tick` does, in the folder of its configuration, until it is killed."""
    os.chdir(config.parent)
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    _tell(lambda: simulated(began, rate))
    process.TICK = process.WATCH = process.TIDY = BEAT
    roles = process.Roles(web=False, clock=True, sender=False)
    asyncio.run(process.run(load(config), roles, host="", port=0, say=print))


def _tell(now: Callable[[], datetime]) -> None:
    """Every room took the time by its name."""
    real = house.now
    for module in list(sys.modules.values()):
        if getattr(module, "now", None) is real:
            setattr(module, "now", now)  # noqa: B010
