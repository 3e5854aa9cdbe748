"""A batch of messages worked off by as many hands as a sender may have connections."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from digest.deliveries.smtp.connection import Connection, always
from digest.deliveries.smtp.parcel import Parcel, untold
from digest.deliveries.smtp.pool import Pool
from digest.errors import LetterError
from digest.model.deliveries import Outcome, OutcomeKind

TRIES = 3
"""Sessions that may break at one message, the first they were given, before it waits like one deferred."""
BREAKS = 6
"""Sessions that may break at one message in all."""
_LOST = Outcome(kind=OutcomeKind.RELAY, text="the connection was lost before it was used")


class Message(NamedTuple):
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
    broken: list[Outcome] = field(default_factory=list)
    """Sessions that ended before they took anything."""


async def at_once() -> None:
    """The pace of what has none."""


def unheard(index: int, outcome: Outcome) -> None:
    """For what nobody keeps a journal of."""


class Crew:
    """As many tasks as connections that work off one batch."""

    def __init__(
        self,
        pool: Pool,
        messages: Sequence[Message],
        *,
        take: Callable[[], Awaitable[None]] = at_once,
        ready: Callable[[], bool] = always,
        may_finish: Callable[[], bool] = always,
        before_dot: Callable[[int], None] = untold,
        answered: Callable[[int, Outcome], None] = unheard,
    ) -> None:
        """`take` waits for the next place of the pace, `ready` takes one where that needs no waiting."""
        self.batch = Batch([None] * len(messages))
        self._pool = pool
        self._messages = messages
        self._queue = deque(range(len(messages)))
        self._tries: Counter[int] = Counter()
        self._breaks: Counter[int] = Counter()
        self._hands = 0
        self._group: asyncio.TaskGroup | None = None
        self._take = take
        self._ready = ready
        self._may_finish = may_finish
        self._before_dot = before_dot
        self._answered = answered
        self._stopped = False

    def stop(self) -> None:
        """Begin nothing more; what is on its way is waited for."""
        self._stopped = True

    async def work(self) -> Batch:
        """Send all there is to send; ends early at a fault, leaving the rest unsent."""
        try:
            async with asyncio.TaskGroup() as self._group:
                self._enlist()
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        return self.batch

    def _enlist(self) -> None:
        """As many hands as the relay bears connections, where there is work for them."""
        wanted = min(self._pool.allowed, self._hands + len(self._queue))
        while self._group and self._hands < wanted and not self._stopped:
            self._hands += 1
            self._group.create_task(self._hand())

    async def _hand(self) -> None:
        connection: Connection | None = None
        try:
            while self._queue and not self._stopped and self._hands <= self._pool.allowed:
                if connection is None:
                    got = await self._pool.acquire()
                    if isinstance(got, Outcome):
                        self._found_none(got)
                        return
                    connection = got
                await self._take()
                if self._stopped or not self._queue:
                    return
                await (self._stream(connection) if self._pool.pipelining else self._one(connection))
                if not connection.usable or connection.spent:
                    await self._pool.give_back(connection)
                    connection = None
        except BaseException:
            self.stop()
            raise
        finally:
            self._hands -= 1
            if connection is not None:
                await self._pool.give_back(connection)

    def _found_none(self, outcome: Outcome) -> None:
        """No connection to be had: the others go on, if there are any."""
        if not self._pool.others:
            self._fail(outcome)

    async def _one(self, connection: Connection) -> None:
        """One message the careful way, every command waited for."""
        if not connection.usable:
            self._pool.broke(connection, _LOST)
            return
        parcel = self._parcel(connection, self._queue.popleft())
        if parcel is not None:
            outcome = await connection.send(
                parcel.sender,
                parcel.recipient,
                parcel.message,
                may_finish=self._may_finish,
                before_dot=partial(self._before_dot, parcel.key),
            )
            self._told(connection, parcel.key, outcome)

    async def _stream(self, connection: Connection) -> None:
        """As many messages as there are places for, a round trip each."""
        first = True

        def source() -> Parcel | None:
            nonlocal first
            while self._goes_on(connection) and (first or self._ready()):
                first = False
                if parcel := self._parcel(connection, self._queue.popleft()):
                    connection.begun += 1
                    return parcel
            return None

        def result(index: int, outcome: Outcome | None) -> None:
            if outcome is None:
                self._queue.appendleft(index)
                return
            if outcome.kind not in (OutcomeKind.RELAY, OutcomeKind.UNCERTAIN):
                connection.sent += 1
            self._told(connection, index, outcome)

        try:
            await connection.stream(source, result, may_finish=self._may_go_on, before_dot=self._before_dot)
        except asyncio.CancelledError:
            # What was dotted is told to be in doubt before anybody else asks.
            connection.abort()
            raise
        if first and not connection.usable:
            self._pool.broke(connection, _LOST)

    def _goes_on(self, connection: Connection) -> bool:
        """Whether another message may begin on this connection."""
        if not self._queue or self._stopped or connection.spent:
            return False
        return self._hands <= self._pool.allowed

    def _may_go_on(self) -> bool:
        """Announced is not begun: when told to stop, nothing more is dotted."""
        return not self._stopped and self._may_finish()

    def _parcel(self, connection: Connection, index: int) -> Parcel | None:
        """The message ready for the wire; None when it has its outcome already."""
        message = self._messages[index]
        refused = connection.refusal(message.sender, message.recipient)
        try:
            whole = b"" if refused else message.compose()
        except LetterError as error:
            refused, whole = Outcome(kind=OutcomeKind.REJECTED, text=str(error)), b""
        if refused is None and len(whole) > (connection.most_bytes or len(whole)):
            text = f"5.3.4 the letter has {len(whole)} octets, the relay takes {connection.most_bytes}"
            refused = Outcome(kind=OutcomeKind.SENDER, code=552, text=text)
        if refused is not None:
            self._told(connection, index, refused)
            return None
        return Parcel(index, message.sender, message.recipient, whole)

    def _told(self, connection: Connection, index: int, outcome: Outcome) -> None:
        self._answered(index, outcome)
        if outcome.kind is OutcomeKind.RELAY:
            self._broke(connection, index, outcome)
            return
        if outcome.kind is OutcomeKind.UNCERTAIN:
            self._pool.broke(connection, outcome)
        else:
            self._pool.answered(connection, outcome)
            if self._hands < self._pool.allowed:
                self._enlist()
        self.batch.outcomes[index] = outcome
        if outcome.kind is OutcomeKind.SENDER:
            self._fail(outcome)

    def _broke(self, connection: Connection, index: int, outcome: Outcome) -> None:
        """A session ended under a message that was surely not taken: try it on another, but not for ever."""
        connection.retire()
        if self._stopped or not self._may_finish():
            # We hung up ourselves: no fault of the relay's.
            self.stop()
            return
        self._pool.broke(connection, outcome)
        if connection.sent == 0:
            self.batch.broken.append(outcome)
        self._breaks[index] += 1
        self._tries[index] += connection.sent == 0
        if self._tries[index] >= TRIES or self._breaks[index] >= BREAKS:
            self.batch.outcomes[index] = Outcome(kind=OutcomeKind.DEFERRED, code=outcome.code, text=outcome.text)
        elif connection.sent:
            # Its share may just have been over: that says nothing of this message, which is the first on the next.
            self._queue.appendleft(index)
        else:
            self._queue.append(index)

    def _fail(self, outcome: Outcome) -> None:
        self.batch.fault = self.batch.fault or outcome
        self.stop()
