"""When to ask a source again, and how often it usually says something. Pure.

As often as agreed, less often if it wishes, ever more rarely while it fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(hours=24)
FEWEST_GAPS = 4
LATE_FROM = 7
"""Days of silence that are never worth a word."""


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


def usual_days(published: Iterable[datetime]) -> int | None:
    """How many days usually lie between two of these; None for too few to tell. Several on one day count once."""
    days = sorted({each.date() for each in published})
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    return max(1, round(median(gaps))) if len(gaps) >= FEWEST_GAPS else None


def silent_days(usual: int | None, last: datetime | None, now: datetime) -> int | None:
    """For how many days a source has said nothing, where that is far longer than usual; else None."""
    if usual is None or last is None:
        return None
    days = (now - last).days
    return days if days > max(3 * usual, LATE_FROM) else None
