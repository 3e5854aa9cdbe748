"""A storm of leaves: many more at once than people make, such as a scanner that presses every button; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

TIMES = 5
"""How many times the usual is a storm."""
LEAST = 20
"""Leaves in an hour that never are one."""
HOUR = timedelta(hours=1)
LOOK_BACK = timedelta(days=60)
"""What is usual is the busiest hour of that time: people leave when an edition comes, hardly ever between."""


def is_storm(recent: int, before: Iterable[datetime]) -> bool:
    """Whether `recent` leaves within the last hour are a storm, after those of the time `before`."""
    busiest = max(Counter(each.replace(minute=0, second=0, microsecond=0) for each in before).values(), default=0)
    return recent > max(LEAST, TIMES * busiest)
