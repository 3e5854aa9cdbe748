"""One look a second at all sessions that wait for an answer, in place of a timer for each command."""

from __future__ import annotations

import asyncio
from typing import Protocol

from digest.deliveries.smtp.timeouts import Timeouts


class Waiting(Protocol):
    """A session with something on the wire."""

    def expire(self, now: float) -> None:
        """End it if its answer is overdue; `now` is the loop's time."""


class Sweep:
    """Looks while there is anything to look at."""

    def __init__(self, timeouts: Timeouts) -> None:
        self.timeouts = timeouts
        self._watched: set[Waiting] = set()
        self._handle: asyncio.TimerHandle | None = None

    def watch(self, session: Waiting) -> None:
        """Look at this session, too."""
        self._watched.add(session)
        if self._handle is None:
            self._handle = asyncio.get_running_loop().call_later(self.timeouts.sweep, self._look)

    def leave(self, session: Waiting) -> None:
        """It waits for nothing any more."""
        self._watched.discard(session)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        for session in tuple(self._watched):
            session.expire(loop.time())
        self._handle = loop.call_later(self.timeouts.sweep, self._look) if self._watched else None
