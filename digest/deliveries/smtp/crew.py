"""A batch of messages worked off by as many hands as a sender may have connections."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from digest.deliveries.smtp.connection import Connection, always
from digest.deliveries.smtp.parcel import ACCEPTED, Parcel, untold
from digest.deliveries.smtp.pool import Pool
from digest.model.deliveries import Outcome, OutcomeKind

TRIES = 3
"""Sessions that may break at one message, the first they were given, before it waits like one deferred."""
BREAKS = 6
"""Sessions that may break at one message in all."""
_NO_VERDICT = (OutcomeKind.RELAY, OutcomeKind.UNCERTAIN)
_LOST = Outcome(kind=OutcomeKind.RELAY, text="the connection was lost before it was used")


@dataclass(slots=True)
class Batch:
    """What became of some messages, in their order; None for one that was not sent."""

    outcomes: list[Outcome | None]
    fault: Outcome | None = None
    """Why it ended early: no relay could be used, or one refuses us as sender."""
    broken: list[Outcome] = field(default_factory=list)
    """Sessions that ended before they took anything."""


Wanted = Callable[[], bool]
"""Whether anything waits for a place of the pace."""


async def at_once(_wanted: Wanted) -> bool:
    """The pace of what has none."""
    return True


def unheard(index: int, outcome: Outcome) -> None:
    """For what nobody keeps a journal of."""


class Crew:
    """As many tasks as connections that work off one batch."""

    def __init__(
        self,
        pool: Pool,
        parcels: Sequence[Parcel],
        *,
        take: Callable[[Wanted], Awaitable[bool]] = at_once,
        ready: Callable[[], bool] = always,
        may_finish: Callable[[], bool] = always,
        before_dot: Callable[[int], None] = untold,
        answered: Callable[[int, Outcome], None] = unheard,
        dress: Callable[[Parcel], None] | None = None,
    ) -> None:
        """The parcels' keys are their places. `take` waits for the next place of the pace, False where there is none
        for now; `ready` takes one where that needs no waiting; `dress` gives a message its last touch, as a signature.
        """
        self.batch = Batch([None] * len(parcels))
        self._pool = pool
        self._parcels = parcels
        self._queue = deque(range(len(parcels)))
        self._tries: Counter[int] = Counter()
        self._breaks: Counter[int] = Counter()
        self._hands = 0
        self._group: asyncio.TaskGroup | None = None
        self._take = take
        self._ready = ready
        self._may_finish = may_finish
        self._before_dot = before_dot
        self._answered = answered
        self._dress = dress
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
                if not await self._take(self._wanted) or not self._wanted():
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

    def _wanted(self) -> bool:
        return bool(self._queue) and not self._stopped

    def _found_none(self, outcome: Outcome) -> None:
        """No connection to be had: the others go on, if there are any."""
        if not self._pool.others:
            self._fail(outcome)

    async def _one(self, connection: Connection) -> None:
        """One message the careful way, every command waited for."""
        if not connection.usable:
            self._pool.broke(connection, _LOST)
            return
        parcel = self._parcels[self._queue.popleft()]
        if self._bears(connection, parcel):
            outcome = await connection.send(
                parcel, may_finish=self._may_finish, before_dot=partial(self._before_dot, parcel.key)
            )
            self._told(connection, parcel.key, outcome)

    async def _stream(self, connection: Connection) -> None:
        """As many messages as there are places for, a round trip each."""
        first, queue, outcomes = True, self._queue, self.batch.outcomes
        parcels, ready = self._parcels, self._ready

        def source() -> Parcel | None:
            nonlocal first
            while queue and self._goes_on(connection) and (first or ready()):
                first = False
                parcel = parcels[queue.popleft()]
                if self._bears(connection, parcel):
                    connection.begun += 1
                    return parcel
            return None

        def result(key: int, outcome: Outcome | None) -> None:
            if outcome is ACCEPTED and connection.sent and self._steady and not self._dress:
                # Nearly always so, and worth no further thought.
                connection.sent += 1
                self._answered(key, outcome)
                outcomes[key] = outcome
                parcels[key].message = ()
            elif outcome is None:
                queue.appendleft(key)
            else:
                connection.sent += outcome.kind not in _NO_VERDICT
                self._told(connection, key, outcome)

        try:
            await connection.stream(source, result, may_finish=self._may_go_on, before_dot=self._before_dot)
        except asyncio.CancelledError:
            # What was dotted is told to be in doubt before anybody else asks.
            connection.abort()
            raise
        if first and not connection.usable:
            self._pool.broke(connection, _LOST)

    @property
    def _steady(self) -> bool:
        """Whether all connections are at work that there may ever be: one answer more changes nothing."""
        return self._hands == self._pool.size == self._pool.allowed

    def _goes_on(self, connection: Connection) -> bool:
        """Whether another message may begin on this connection."""
        return not (self._stopped or connection.spent) and self._hands <= self._pool.allowed

    def _may_go_on(self) -> bool:
        """Announced is not begun: when told to stop, nothing more is dotted."""
        return not self._stopped and self._may_finish()

    def _bears(self, connection: Connection, parcel: Parcel) -> bool:
        """Whether the session can take the message; where not, that is its outcome."""
        if self._dress and not parcel.refused:
            self._dress(parcel)
        refused = parcel.refused or connection.refusal(parcel)
        if refused is not None:
            self._told(connection, parcel.key, refused)
            return False
        parcel.verdict, parcel.dotted = None, False
        return True

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
        # A message with a signature is one of a kind, and would be kept until the last is answered.
        self._parcels[index].message = ()
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
