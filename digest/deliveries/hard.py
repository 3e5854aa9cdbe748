"""Which refusals tell of an address that nobody has, and when so many at once tell of something else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from digest.store.refusals import Hard

LEAST = 20
PART = 0.10
AGAIN = timedelta(hours=24)


def is_wave(hard: int, answered: int, *, accepted_before: bool) -> bool:
    """Whether a domain that took our mail refuses so many that it is more likely its mistake than theirs."""
    return accepted_before and hard >= LEAST and hard > answered * PART


def by_domain(found: Iterable[Hard]) -> dict[str, list[Hard]]:
    """The refusals of each domain."""
    domains: dict[str, list[Hard]] = defaultdict(list)
    for each in found:
        domains[each.email.rpartition("@")[2]].append(each)
    return dict(domains)
