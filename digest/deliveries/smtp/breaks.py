"""How many sessions may break at one message before it has to wait."""

from __future__ import annotations

from collections import Counter

from digest.deliveries.smtp.parcel import Parcel

TRIES = 3
"""Sessions that may break at one message, the first they were given, before it waits like one deferred."""
BREAKS = 6
"""Sessions that may break at one message in all."""


class Breaks:
    """The messages that sessions ended under."""

    def __init__(self) -> None:
        self._fresh: Counter[Parcel] = Counter()
        self._all: Counter[Parcel] = Counter()

    def too_many(self, parcel: Parcel, *, fresh: bool) -> bool:
        """Another session broke at it, a `fresh` one had taken nothing before: whether that is enough."""
        self._all[parcel] += 1
        self._fresh[parcel] += fresh
        return self._fresh[parcel] >= TRIES or self._all[parcel] >= BREAKS
