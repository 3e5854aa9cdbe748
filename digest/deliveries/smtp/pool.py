"""A sender's connections: reused, capped, by the first relay that answers; and a batch sent over them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from digest.deliveries.smtp.connection import Connection, Timeouts, always, connect
from digest.deliveries.smtp.relay import Relay
from digest.errors import LetterError
from digest.model.deliveries import Outcome, OutcomeKind

MESSAGES = 100
"""A connection's share: many relays end a session after as many."""
TRIES = 3
"""Sessions that may break over one message before it waits like one deferred."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one recipient; `compose` is called only when a connection is free for it."""

    sender: str
    recipient: str
    compose: Callable[[], bytes]


@dataclass(slots=True)
class Batch:
    """What became of some messages, in their order; None for one that was not sent."""

    outcomes: list[Outcome | None]
    fault: Outcome | None = None
    """Why it ended early: no relay could be used, or one refuses us as sender."""


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
    ) -> None:
        self.size = size
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


class Crew:
    """As many tasks as connections that work off one batch."""

    def __init__(
        self,
        pool: Pool,
        messages: Sequence[Message],
        *,
        take: Callable[[], Awaitable[None]],
        may_finish: Callable[[], bool] = always,
    ) -> None:
        self.batch = Batch([None] * len(messages))
        self._pool = pool
        self._messages = messages
        self._queue = deque(range(len(messages)))
        self._tries = [0] * len(messages)
        self._barren = 0
        self._take = take
        self._may_finish = may_finish
        self._stopped = False

    def stop(self) -> None:
        """Begin nothing more; what is on its way is waited for."""
        self._stopped = True

    async def work(self) -> Batch:
        """Send all there is to send; ends early at a fault, leaving the rest unsent."""
        hands = min(self._pool.size, len(self._messages))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(hands):
                    group.create_task(self._hand())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        return self.batch

    async def _hand(self) -> None:
        connection: Connection | None = None
        try:
            while self._queue and not self._stopped:
                if connection is None:
                    got = await self._pool.acquire()
                    if isinstance(got, Outcome):
                        self._fail(got)
                        return
                    connection = got
                await self._take()
                if self._stopped or not self._queue:
                    return
                connection = await self._one(connection, self._queue.popleft())
        except BaseException:
            self.stop()
            raise
        finally:
            if connection is not None:
                await self._pool.give_back(connection)

    async def _one(self, connection: Connection, index: int) -> Connection | None:
        message = self._messages[index]
        try:
            composed = message.compose()
        except LetterError as error:
            self.batch.outcomes[index] = Outcome(kind=OutcomeKind.REJECTED, text=str(error))
            return connection
        outcome = await connection.send(message.sender, message.recipient, composed, may_finish=self._may_finish)
        if outcome.kind is OutcomeKind.RELAY:
            self._broke(connection, index, outcome)
        else:
            self._barren = 0
            self.batch.outcomes[index] = outcome
            if outcome.kind is OutcomeKind.SENDER:
                self._fail(outcome)
        if connection.usable and connection.sent < MESSAGES:
            return connection
        await self._pool.give_back(connection)
        return None

    def _broke(self, connection: Connection, index: int, outcome: Outcome) -> None:
        """A session ended under a message that was surely not taken: try it on another, but not for ever."""
        if not self._may_finish():
            # We hung up ourselves: no fault of the relay's.
            self.stop()
            return
        self._tries[index] += 1
        if connection.sent == 0:
            self._barren += 1
            if self._barren >= TRIES:
                self._pool.useless(connection, outcome)
                self._fail(outcome)
        if self._tries[index] >= TRIES:
            self.batch.outcomes[index] = Outcome(kind=OutcomeKind.DEFERRED, code=outcome.code, text=outcome.text)
        else:
            self._queue.append(index)

    def _fail(self, outcome: Outcome) -> None:
        self.batch.fault = self.batch.fault or outcome
        self.stop()
