"""A sender's connections: reused, capped, by the first relay that answers; and a batch sent over them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from digest.deliveries.smtp.connection import Connection, connect
from digest.deliveries.smtp.relay import Relay
from digest.deliveries.smtp.timeouts import Timeouts
from digest.model.deliveries import Outcome, OutcomeKind

MESSAGES = 100
"""A connection's share: many relays end a session after as many."""
_REST = 5.0
_LONGEST_REST = 300.0


@dataclass(slots=True)
class Rest:
    """Which relays were down, and until when each is left alone: a while that doubles."""

    clock: Callable[[], float] = time.monotonic
    _down: dict[Relay, tuple[int, float, Outcome]] = field(default_factory=dict)

    def failed(self, relay: Relay, outcome: Outcome) -> None:
        failures = self._down.get(relay, (0, 0.0, outcome))[0] + 1
        pause = min(_LONGEST_REST, _REST * 2 ** min(failures - 1, 10))
        self._down[relay] = (failures, self.clock() + pause, outcome)

    def answered(self, relay: Relay) -> None:
        self._down.pop(relay, None)

    def resting(self, relay: Relay) -> Outcome | None:
        """What it said when it failed, while it is to be left alone."""
        _, until, outcome = self._down.get(relay, (0, 0.0, None))
        return outcome if until > self.clock() else None


class Pool:
    """Idle connections of one sender. Not for two tasks to close at once; `acquire` and `give_back` are free."""

    def __init__(
        self,
        relays: Sequence[Relay],
        size: int,
        *,
        rest: Rest | None = None,
        timeouts: Timeouts | None = None,
        hostname: str | None = None,
        pipelining: bool = True,
    ) -> None:
        self.size = size
        self.pipelining = pipelining
        self._relays = tuple(relays)
        self._rest = rest or Rest()
        self._timeouts = timeouts or Timeouts()
        self._hostname = hostname
        self._idle: list[Connection] = []

    async def acquire(self) -> Connection | Outcome:
        """An idle connection or a new one, by the first relay that answers; else what the last one said."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        failure = Outcome(kind=OutcomeKind.RELAY, text="no relay")
        for relay in self._relays:
            if tired := self._rest.resting(relay):
                failure = tired
                continue
            opened = await connect(relay, self._timeouts, hostname=self._hostname)
            if isinstance(opened, Connection):
                return opened
            self._rest.failed(relay, opened)
            failure = opened
        return failure

    async def give_back(self, connection: Connection) -> None:
        """Keep it for the next message, unless it is spent."""
        if connection.sent:
            self._rest.answered(connection.relay)
        if connection.usable and connection.sent < MESSAGES:
            self._idle.append(connection)
        else:
            await connection.close()

    def useless(self, connection: Connection, outcome: Outcome) -> None:
        """A session that broke before it took anything counts against its relay."""
        self._rest.failed(connection.relay, outcome)

    async def close(self) -> None:
        """Say goodbye on every idle connection."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(connection.close() for connection in idle))
