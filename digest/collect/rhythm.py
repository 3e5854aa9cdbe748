"""When to ask a source again: as often as agreed, less often if it wishes, ever more rarely while it fails."""

from __future__ import annotations

from datetime import datetime, timedelta

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(hours=24)


def next_try(now: datetime, every: timedelta, *, minutes: int = 0, spread: float = 0.0) -> datetime:
    """After a good visit; `minutes` is the source's own wish, `spread` (-1 to 1) moves it by up to a tenth."""
    wished = min(timedelta(minutes=minutes), LONGEST)
    interval = max(every, wished) if minutes else every
    return now + interval * (1 + 0.1 * spread)


def retry(now: datetime, every: timedelta, failures: int, *, spread: float = 0.0) -> datetime:
    """After the `failures`-th failure in a row: doubled each time up to a day, then anywhere in the last half of it."""
    base = max(every, SHORTEST)
    longest = min(base * 2 ** min(failures - 1, 12), LONGEST) if base < LONGEST else base
    return now + longest * (0.75 + 0.25 * spread)
