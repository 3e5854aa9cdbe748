"""A whole transaction in one round trip, on the transport that aiosmtplib opened.

The message leads a group, DATA ends it: `body . [RSET] MAIL RCPT DATA` is the longest group that RFC 2920, 3.1
allows, so each message waits for the relay once. Without PIPELINING the same machine gives out its commands one by
one. Every reply in a group is read; only a message whose final dot was written can ever be in doubt.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from digest.deliveries.outcome import Stage, classify
from digest.deliveries.smtp.expected import Expected
from digest.deliveries.smtp.parcel import ACCEPTED, Parcel, Result, Source
from digest.deliveries.smtp.parked import Stays, leaves
from digest.deliveries.smtp.replies import Replies, code_of, text_of
from digest.deliveries.smtp.sweep import Sweep
from digest.deliveries.smtp.volley import DOT, Volley

_BUFFER = 16_384
_LOST = "the connection was lost"
_NOTHING = (None, None, None)


class Pipeline(asyncio.BufferedProtocol):
    """One session from EHLO to QUIT; `run` as often as there is something to send, until it is `lost`."""

    def __init__(
        self, transport: asyncio.Transport, sweep: Sweep, volley: Volley, *, pipelining: bool, in_full: bool = False
    ) -> None:
        """`in_full`: what a relay says of a letter it took is handed on, as its queue id, and so has to be read."""
        self.lost = False
        self.transport = transport
        self._sweep = sweep
        self._volley = volley
        self._pipelining = pipelining
        self._in_full = in_full
        self._loop = asyncio.get_running_loop()
        self._buffer = memoryview(bytearray(_BUFFER))
        self._replies = Replies()
        self._expected = Expected(in_short=pipelining and not in_full)
        self._held_back: deque[bytes] = deque()
        self._waiting = False
        """Without PIPELINING: something is on the wire that has no answer yet."""
        self._blamed = False
        """One message is charged with the end of a session, not the one announced behind it."""
        self._heard = False
        """Whether a reply has come since the last look at how long we wait."""
        self._progress = self._loop.time()
        self._idle: asyncio.Future[None] | None = None
        self._source: Source = lambda: None
        self._result: Result = lambda parcel, outcome: None
        self._may_finish: Callable[[], bool] = lambda: True
        self._stays: Stays = leaves
        transport.set_protocol(self)

    async def run(self, source: Source, result: Result, *, may_finish: Callable[[], bool], stays: Stays) -> None:
        """Send until the source gives None, every answer is in and it does not stay; or the session is lost."""
        self._source, self._result, self._may_finish, self._stays = source, result, may_finish, stays
        self._idle = self._loop.create_future()
        self._heard, self._progress = False, self._loop.time()
        self._begin()
        self._sweep.watch(self)
        try:
            await self._idle
        finally:
            self._sweep.leave(self)

    def abort(self) -> None:
        """Drop the session at once; what was dotted is in doubt."""
        self._end("stopped before the answer came")

    # What asyncio calls

    def get_buffer(self, sizehint: int) -> memoryview:
        # A view, not the bytes: under TLS asyncio cuts a piece of it for each further record, and reads into that.
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        reads, taken, asked = self._expected.steady or _NOTHING
        if reads and (taken is None or taken.dotted) and reads.fullmatch(self._buffer, 0, nbytes):
            # A letter's acceptance and the request for the next, or either, in one step.
            self._expected.steady, self._heard = None, True
            if taken:
                self._result(taken, ACCEPTED)
            if asked is None:
                self._begin()
            elif not self.lost:
                self._asked_for(asked)
            return
        replies = self._replies.read(bytes(self._buffer[:nbytes]))
        self._heard = self._heard or bool(replies)
        for line in replies:
            if not self.lost:
                self._replied(line)
        if self._replies.begun:
            self._expected.spell_out()
        if self._replies.endless:
            self._end("a reply without end")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(str(exc) if exc else _LOST)

    # The dialogue

    def _begin(self) -> None:
        parcel = None if self.lost else self._source()
        if parcel is None:
            self._rest()
        else:
            self._announce(parcel)

    def _announce(self, parcel: Parcel) -> None:
        """Say whose message comes next."""
        opening = self._expected.leading(None, parcel)
        if self._replies.begun:
            self._expected.spell_out()
        if self._pipelining:
            self.transport.write(opening)
        else:
            self._held_back.extend(opening.splitlines(keepends=True))
            self._release()

    def _release(self) -> None:
        """Without PIPELINING: the next command, once the one before has its answer."""
        if self._held_back and not self._waiting and not self.lost:
            self._waiting = True
            self.transport.write(self._held_back.popleft())

    def _replied(self, line: bytes) -> None:
        code = code_of(line)
        if code == 421:
            self._hung_up(line)
        elif not self._expected:
            self._end("spoke out of turn")
        else:
            stage, parcel = self._expected.next()
            self._waiting = False
            self._take(stage, parcel, code, line)
            self._release()

    def _take(self, stage: Stage | None, parcel: Parcel, code: int, line: bytes) -> None:
        if not 200 <= code <= 599 or (code < 400 and (code >= 300) is not (stage is Stage.DATA)):
            # No reply at all, or not to what we asked: 354 is for DATA, and nothing else goes on (RFC 5321, 4.3.2).
            self._expected.back((stage, parcel))
            self._end("made no sense")
        elif stage is Stage.DOT and not (parcel.dotted or parcel.verdict):
            self._expected.back((stage, parcel))
            self._end("answered what it had not been told")
        elif stage is Stage.DATA:
            self._answered_data(parcel, code, line)
        elif stage is Stage.DOT:
            self._answered_dot(parcel, code, line)
        elif stage is not None and parcel.verdict is None and not 200 <= code < 300:
            parcel.verdict = classify(stage, code, text_of(line))
            if not self._pipelining:
                self._give_up(parcel)

    def _give_up(self, parcel: Parcel) -> None:
        """Say nothing more for a message that was refused, where the rest of its group is not yet on the wire."""
        self._held_back.clear()
        self._expected.forgo(parcel)
        self._refused(parcel)

    def _refused(self, parcel: Parcel) -> None:
        self._expected.reset_first = True
        self._result(parcel, parcel.verdict)
        self._begin()

    def _answered_data(self, parcel: Parcel, code: int, line: bytes) -> None:
        if code != 354:
            parcel.verdict = parcel.verdict or classify(Stage.DATA, code, text_of(line))
            self._refused(parcel)
        elif parcel.verdict is not None:
            # A server that asks for the message although it refused the recipient: an empty one ends that.
            self._expected.dot(parcel)
            self._waiting = True
            self.transport.write(DOT)
        else:
            self._asked_for(parcel)

    def _asked_for(self, parcel: Parcel) -> None:
        self._waiting = True
        following = self._source() if self._pipelining else None
        behind = self._expected.leading(parcel, following)
        self._volley.add(self, parcel, behind)

    def may_write(self) -> bool:
        """Whether the final dot may still be written: just before it, for a process may stand still at any time."""
        if not (self.lost or self._may_finish()):
            self._end("the lease ended first")
        return not self.lost

    def _answered_dot(self, parcel: Parcel, code: int, line: bytes) -> None:
        if parcel.verdict is None:
            brief = code == 250 and not self._in_full
            parcel.verdict = ACCEPTED if brief else classify(Stage.DOT, code, text_of(line))
        self._result(parcel, parcel.verdict)
        if not self._expected:
            self._begin()

    def _rest(self) -> None:
        if self._idle is not None and not self._idle.done() and (self.lost or not self._stays(self._resume)):
            self._idle.set_result(None)

    def _resume(self) -> None:
        # What it waits for from now on it has not waited for yet.
        self._heard = True
        self._begin()

    # The end of a session

    def _hung_up(self, line: bytes) -> None:
        """421 answers what was asked first, and means that nothing further was taken (RFC 5321, 3.8)."""
        if self._expected.stage is Stage.DOT:
            parcel = self._expected.next()[1]
            parcel.verdict = parcel.verdict or classify(Stage.DOT, 421, text_of(line))
            self._blamed = True
            self._result(parcel, parcel.verdict)
        self._end(text_of(line), code=421)

    def _end(self, why: str, *, code: int = 0) -> None:
        """The session is over: whoever was dotted is in doubt, the others are owed as before."""
        if not self.lost:
            self.lost = True
            self.transport.abort()
        self._held_back.clear()
        for parcel in self._expected.drained():
            if parcel.verdict is None and parcel.dotted:
                parcel.verdict = classify(Stage.DOT, 0, why)
            elif parcel.verdict is None and not self._blamed:
                parcel.verdict = classify(Stage.MAIL, code, why)
            self._blamed = True
            self._result(parcel, parcel.verdict)
        self._rest()

    def expire(self, now: float) -> None:
        """Time counts from one whole reply to the next, however a relay dribbles: from the first look after it."""
        if self._heard:
            self._heard, self._progress = False, now
        elif self._expected and now - self._progress > self._sweep.timeouts.of(self._expected.stage):
            self._end("no answer in time")
