"""A batch of messages worked off by as many hands as a sender may have connections."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from digest.deliveries.smtp.connection import Connection, always
from digest.deliveries.smtp.parcel import Parcel, untold
from digest.deliveries.smtp.pool import MESSAGES, Pool
from digest.errors import LetterError
from digest.model.deliveries import Outcome, OutcomeKind

TRIES = 3
"""Sessions that may break over one message before it waits like one deferred."""


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
        self._tries = [0] * len(messages)
        self._barren = 0
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
                await (self._stream(connection) if self._pool.pipelining else self._one(connection))
                if not connection.usable or connection.sent >= MESSAGES:
                    await self._pool.give_back(connection)
                    connection = None
        except BaseException:
            self.stop()
            raise
        finally:
            if connection is not None:
                await self._pool.give_back(connection)

    async def _one(self, connection: Connection) -> None:
        """One message the careful way, every command waited for."""
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
        room, first = MESSAGES - connection.sent, True

        def source() -> Parcel | None:
            nonlocal room, first
            while room and self._queue and not self._stopped and (first or self._ready()):
                first = False
                if parcel := self._parcel(connection, self._queue.popleft()):
                    room -= 1
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
        self._barren = 0
        self.batch.outcomes[index] = outcome
        if outcome.kind is OutcomeKind.SENDER:
            self._fail(outcome)

    def _broke(self, connection: Connection, index: int, outcome: Outcome) -> None:
        """A session ended under a message that was surely not taken: try it on another, but not for ever."""
        if self._stopped or not self._may_finish():
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
