"""Messages worked off by as many hands as a sender may have connections."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from digest.deliveries.smtp.breaks import Breaks
from digest.deliveries.smtp.connection import Connection, always
from digest.deliveries.smtp.parcel import ACCEPTED, Parcel
from digest.deliveries.smtp.parked import Parked, Resume
from digest.deliveries.smtp.pool import Pool
from digest.deliveries.smtp.tasks import Tasks
from digest.deliveries.taking import Wanted, at_once
from digest.model.deliveries import Outcome, OutcomeKind

_NO_VERDICT = (OutcomeKind.RELAY, OutcomeKind.UNCERTAIN)
_LOST = Outcome(kind=OutcomeKind.RELAY, text="the connection was lost before it was used")


class Crew:
    """As many tasks as connections, while there is something to send; more may be added at any time.

    A message whose answer is late keeps its own connection waiting, and no other.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        take: Callable[[Wanted], Awaitable[bool]] = at_once,
        ready: Callable[[], bool] = always,
        dress: Callable[[Parcel], None] | None = None,
        now: Callable[[], float] = time.time,
        until: float = math.inf,
    ) -> None:
        """`take` waits for the next place of the pace, False where there is none now; `ready` takes one where that
        needs no waiting; `dress` gives a message its last touch, as a signature. No final dot is written when it is
        `now` later than `until`, both in seconds since 1970.
        """
        self.fault: Outcome | None = None
        """Why it ended early: no relay could be used, or one refuses us as sender."""
        self.stopped = False
        self.until = until
        """No final dot is written later; may be put off at any time."""
        self._pool = pool
        self._queue: deque[Parcel] = deque()
        self._breaks = Breaks()
        self._hands = 0
        self._tasks = Tasks(self._ended)
        self._parked = Parked()
        """Of the tasks, those that have nothing to do just now."""
        self._take = take
        self._ready = ready
        self._now = now
        self._dress = dress

    def add(self, parcels: Iterable[Parcel]) -> None:
        """Send these, too, behind what still waits; none of them once it was stopped."""
        self._queue.extend(parcels)
        self._parked.admits = not self.stopped
        self._parked.wake(len(self._queue))
        self._enlist()
        self._let_lie()

    def stop(self) -> None:
        """Begin nothing more; what is on its way is waited for."""
        self.stopped = True
        self._parked.dismiss()
        self._tasks.stir()

    async def begun(self) -> None:
        """Wait until every message is begun, or none is begun any more."""
        await self._tasks.until(lambda: self.stopped or not self._queue)

    async def rest(self) -> None:
        """Wait until all that was begun is answered."""
        await self._tasks.until(lambda: len(self._tasks) == len(self._parked))
        self._parked.dismiss()
        await self._tasks.until(lambda: not self._tasks)

    async def leave(self, patience: float) -> None:
        """Stop, and break off what has no answer after so many seconds."""
        self.stop()
        await self._tasks.leave(patience)
        self._let_lie()

    def _enlist(self) -> None:
        """As many hands as the relay bears connections, where there is work for them."""
        wanted = min(self._pool.allowed, self._hands + len(self._queue))
        while self._hands < wanted and not self.stopped:
            self._hands += 1
            self._tasks.begin(self._hand())

    def _ended(self) -> None:
        """A hand has gone: what it left is for those that wait."""
        if self._queue:
            self._parked.wake()
        self._let_lie()

    def _let_lie(self) -> None:
        """What nobody is left to send is not sent."""
        while self._queue and not self._tasks:
            parcel = self._queue.popleft()
            parcel.batch.leave(parcel)

    async def _hand(self) -> None:
        connection: Connection | None = None
        try:
            while self._queue and not self.stopped and self._hands <= self._pool.allowed:
                if connection is None:
                    got = await self._pool.acquire()
                    if isinstance(got, Outcome):
                        # The others go on, if there are any.
                        if not self._pool.others:
                            self._fail(got)
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
        return bool(self._queue) and not self.stopped

    async def _one(self, connection: Connection) -> None:
        """One message the careful way, every command waited for."""
        if not connection.usable:
            self._pool.broke(connection, _LOST)
            return
        parcel = self._queue.popleft()
        if self._bears(connection, parcel):
            outcome = await connection.send(parcel, may_finish=lambda: self._now() <= self.until)
            self._told(connection, parcel, outcome)
        self._tasks.stir()

    async def _stream(self, connection: Connection) -> None:
        """As many messages as there are places for, a round trip each."""
        first, queue, pool, warmth, ready = True, self._queue, self._pool, self._pool.warmth, self._ready
        plain, most, size, parked = self._dress is None, connection.most, pool.size, self._parked

        def source() -> Parcel | None:
            nonlocal first
            while queue and connection.left > 0 and not (self.stopped or self._hands > warmth.allowed):
                if not (first or ready()):
                    break
                first = False
                parcel = queue.popleft()
                if (plain and parcel.usual and parcel.most <= most) or self._bears(connection, parcel):
                    parcel.verdict, parcel.dotted = None, False
                    connection.left -= 1
                    return parcel
            self._tasks.stir()
            return None

        def result(parcel: Parcel, outcome: Outcome | None) -> None:
            steady = self._hands == size == warmth.allowed and not pool.troubled
            if outcome is ACCEPTED and steady and connection.sent:
                # All connections are at work that there may ever be: one answer more changes nothing.
                connection.sent += 1
                parcel.batch.end(parcel, outcome)
            elif outcome is None:
                queue.appendleft(parcel)
            else:
                connection.sent += outcome.kind not in _NO_VERDICT
                self._told(connection, parcel, outcome)

        def stays(resume: Resume) -> bool:
            nonlocal first
            # Whoever was too late for its place of the pace asks for another, and has no relay to blame.
            first = False
            self._tasks.stir()
            bears_more = connection.left > 0 and self._hands <= warmth.allowed
            return bears_more and not queue and parked.enter(connection, resume)

        try:
            await connection.stream(source, result, may_finish=self._may_go_on, stays=stays)
        except asyncio.CancelledError:
            # What was dotted is told to be in doubt before anybody else asks.
            connection.abort()
            raise
        finally:
            parked.leave(connection)
        if first and not connection.usable:
            self._pool.broke(connection, _LOST)

    def _may_go_on(self) -> bool:
        """Announced is not begun: when told to stop, nothing more is dotted."""
        return not self.stopped and self._now() <= self.until

    def _bears(self, connection: Connection, parcel: Parcel) -> bool:
        """Whether the session can take the message; where not, that is its outcome."""
        if self._dress and not parcel.refused:
            self._dress(parcel)
        refused = parcel.refused or connection.refusal(parcel)
        if refused is not None:
            self._told(connection, parcel, refused)
        return refused is None

    def _told(self, connection: Connection, parcel: Parcel, outcome: Outcome) -> None:
        if outcome.kind is OutcomeKind.RELAY:
            parcel.batch.answered(parcel.key, outcome)
            self._broke(connection, parcel, outcome)
            return
        if outcome.kind is OutcomeKind.UNCERTAIN:
            self._pool.broke(connection, outcome)
        else:
            self._pool.answered(connection, outcome)
            if self._hands < self._pool.allowed:
                self._enlist()
        parcel.batch.end(parcel, outcome)
        if outcome.kind is OutcomeKind.SENDER:
            self._fail(outcome)

    def _broke(self, connection: Connection, parcel: Parcel, outcome: Outcome) -> None:
        """A session ended under a message that was surely not taken: try it on another, but not for ever."""
        connection.retire()
        if not self._may_go_on():
            # We hung up ourselves: no fault of the relay's.
            self._queue.appendleft(parcel)
            self.stop()
            return
        self._pool.broke(connection, outcome)
        if fresh := connection.sent == 0:
            parcel.batch.broken.append(outcome)
        if self._breaks.too_many(parcel, fresh=fresh):
            parcel.batch.end(parcel, Outcome(kind=OutcomeKind.DEFERRED, code=outcome.code, text=outcome.text))
        elif fresh:
            self._queue.append(parcel)
        else:
            # Its share may just have been over: that says nothing of this message, which is the first on the next.
            self._queue.appendleft(parcel)

    def _fail(self, outcome: Outcome) -> None:
        self.fault = self.fault or outcome
        self.stop()
