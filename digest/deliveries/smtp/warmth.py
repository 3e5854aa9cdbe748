"""How many connections a relay is asked to bear: one at first, more as it answers, fewer when it objects."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from digest.deliveries.outcome import reason
from digest.model.deliveries import Outcome, Reason

EAGER, PATIENT = 2, 100
"""Answers that earn one connection more: while all is well, and after an objection."""
_DEAF = 1.0
"""Seconds for which one objection stands for all: connections hear it together."""


@dataclass(slots=True)
class Warmth:
    """The connections of one sender: between one and `most`."""

    most: int
    clock: Callable[[], float] = time.monotonic
    allowed: int = 1
    _answers: int = 0
    _needed: int = EAGER
    _deaf_until: float = field(default=0.0)

    def answered(self) -> None:
        """A verdict came, and no objection with it."""
        self._answers += 1
        if self._answers >= self._needed and self.allowed < self.most:
            self.allowed += 1
            self._answers = 0

    def objected(self) -> None:
        """The relay finds us too many or too fast: half as many from now on, and more only after a long while."""
        now = self.clock()
        if now < self._deaf_until:
            return
        self._deaf_until = now + _DEAF
        self._needed, self._answers = PATIENT, 0
        self.allowed = max(1, self.allowed // 2)

    def cool(self) -> None:
        """Another relay takes over: begin with one."""
        self._needed, self._answers, self.allowed = EAGER, 0, 1

    def at_most(self, count: int) -> None:
        """The relay refused one connection more than these."""
        self._needed, self._answers = PATIENT, 0
        self.allowed = max(1, min(self.allowed, count))


def objects(outcome: Outcome, *, fresh: bool) -> bool:
    """Whether a reply says that we are too many or too fast.

    A 421 after some messages only ends a session's share, as many relays do; greylisting is about a recipient.
    """
    if outcome.code < 400:
        return False
    return reason(outcome) is Reason.THROTTLED or (outcome.code == 421 and fresh)
