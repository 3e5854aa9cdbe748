"""Which relays are down, and how long each is left alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from digest.deliveries.smtp.relay import Relay
from digest.model.deliveries import Outcome

BARREN = 3
"""Sessions in a row that break before they took anything: then a relay counts as down."""
_FIRST = 5.0
_LONGEST = 300.0


@dataclass(slots=True)
class Rest:
    """Which relays were down, and until when each is left alone: a while that doubles until one answers."""

    clock: Callable[[], float] = time.monotonic
    _down: dict[Relay, tuple[int, float, Outcome]] = field(default_factory=dict)
    _barren: dict[Relay, int] = field(default_factory=dict)

    def failed(self, relay: Relay, outcome: Outcome) -> None:
        """It cannot be used. Many who find that out at the same time count as one."""
        failures, until, _ = self._down.get(relay, (0, 0.0, outcome))
        if until > self.clock():
            return
        pause = min(_LONGEST, _FIRST * 2 ** min(failures, 10))
        self._down[relay] = (failures + 1, self.clock() + pause, outcome)

    def broke(self, relay: Relay, outcome: Outcome) -> None:
        """A session ended before it took anything."""
        self._barren[relay] = self._barren.get(relay, 0) + 1
        if self._barren[relay] >= BARREN:
            del self._barren[relay]
            self.failed(relay, outcome)

    def answered(self, relay: Relay) -> None:
        """It gave a verdict: all is forgiven."""
        self._down.pop(relay, None)
        self._barren.pop(relay, None)

    def resting(self, relay: Relay) -> Outcome | None:
        """What it said when it failed, while it is to be left alone."""
        _, until, outcome = self._down.get(relay, (0, 0.0, None))
        return outcome if until > self.clock() else None
