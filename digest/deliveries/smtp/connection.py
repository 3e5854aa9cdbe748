"""One SMTP session, the careful way: opened by aiosmtplib, then a message at a time, every step known.

The steps of its `sendmail`, one by one and by its public commands: `sendmail` itself waits as long for 354 as for the
final dot, and does not tell a loss before the letter from one after it. Only the latter is a doubt.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import cast

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponse, SMTPResponseException

from digest.deliveries.outcome import Stage, classify
from digest.deliveries.smtp.parcel import Parcel, Result, Source
from digest.deliveries.smtp.parked import Stays
from digest.deliveries.smtp.pipeline import Pipeline
from digest.deliveries.smtp.relay import Relay, is_writable, needs_utf8
from digest.deliveries.smtp.replies import said
from digest.deliveries.smtp.share import Share
from digest.deliveries.smtp.sweep import Sweep
from digest.deliveries.smtp.volley import Volley
from digest.model.deliveries import Outcome, OutcomeKind


def always() -> bool:
    """For what has no lease to outlive."""
    return True


class Connection:
    """An open session; after any loss or 421 it is no longer `usable`."""

    def __init__(
        self, relay: Relay, smtp: SMTP, sweep: Sweep, volley: Volley, share: Share, *, in_full: bool = False
    ) -> None:
        self.relay = relay
        self.sent = 0
        """Messages that got a verdict."""
        self.left = share.messages
        """Messages that may still be given to it."""
        self.most = _size(smtp)
        """Octets of the largest message it takes (RFC 1870)."""
        self._utf8 = smtp.supports_extension("smtputf8") and smtp.supports_extension("8bitmime")
        self._pipelining = smtp.supports_extension("pipelining")
        self._stage = Stage.MAIL
        self._smtp = smtp
        self._timeouts = sweep.timeouts
        self._sweep = sweep
        self._volley = volley
        self._share = share
        self._in_full = in_full
        self._age = asyncio.get_running_loop().call_later(share.seconds, self._grown_old)
        self._pipeline: Pipeline | None = None

    @property
    def usable(self) -> bool:
        if self._pipeline is not None:
            return not self._pipeline.lost
        return self._smtp.is_connected

    @property
    def spent(self) -> bool:
        """Whether its share is used up: begin nothing more on it."""
        return self.left <= 0

    def retire(self) -> None:
        """Begin nothing more on it: it refuses the session, not a recipient."""
        self.left = 0

    def _grown_old(self) -> None:
        # One that was never used takes one message, however late that comes.
        self.left = int(self.left == self._share.messages)

    async def stream(self, source: Source, result: Result, *, may_finish: Callable[[], bool], stays: Stays) -> None:
        """Send what the source gives, a round trip a message where the relay allows it; nothing once it is lost."""
        if self._pipeline is None:
            # Another event loop's transports are none of asyncio's own classes.
            transport = cast("asyncio.Transport | None", self._smtp.transport)
            if transport is None:
                # It hung up between its greeting and our first word.
                return
            how = {"pipelining": self._pipelining, "in_full": self._in_full}
            self._pipeline = Pipeline(transport, self._sweep, self._volley, **how)
        await self._pipeline.run(source, result, may_finish=may_finish, stays=stays)

    async def send(self, parcel: Parcel, *, may_finish: Callable[[], bool] = always) -> Outcome:
        """Send one message to one recipient; every failure of the relay is an outcome.

        `may_finish` is asked just before its last byte: where it says no, nothing has been sent.
        """
        if refused := self.refusal(parcel):
            return refused
        self._stage = Stage.MAIL
        self.left -= 1
        try:
            outcome = await self._transaction(parcel, may_finish)
        except (SMTPException, OSError, TimeoutError) as error:
            self.abort()
            return classify(self._stage, code_of(error), f"lost at {self._stage}: {error or type(error).__name__}")
        except asyncio.CancelledError:
            self.abort()
            if self._stage is not Stage.DOT:
                raise
            return classify(Stage.DOT, 0, "stopped before the answer came")
        if outcome.kind not in (OutcomeKind.RELAY, OutcomeKind.UNCERTAIN):
            self.sent += 1
        return outcome

    def refusal(self, parcel: Parcel) -> Outcome | None:
        """Why a message cannot go over this session: its addresses, or its size (RFC 1870, 6.1); None when it can."""
        if not parcel.usual and (refused := self._unspeakable(parcel.sender, parcel.recipient)):
            return refused
        if parcel.most <= self.most or (size := sum(map(len, parcel.message))) <= self.most:
            return None
        text = f"5.3.4 the letter has {size} octets, the relay takes {self.most}"
        return Outcome(kind=OutcomeKind.SENDER, code=552, text=text)

    def _unspeakable(self, sender: str, recipient: str) -> Outcome | None:
        if not (is_writable(recipient) and is_writable(sender)):
            return Outcome(kind=OutcomeKind.REJECTED, text="the address cannot be written on the wire")
        if self._utf8 or not needs_utf8(sender, recipient):
            return None
        kind = OutcomeKind.SENDER if needs_utf8(sender) else OutcomeKind.REJECTED
        return Outcome(kind=kind, text="5.6.7 the relay takes no address beyond ASCII (no SMTPUTF8)")

    async def _transaction(self, parcel: Parcel, may_finish: Callable[[], bool]) -> Outcome:
        sender, recipient = parcel.sender, parcel.recipient
        extra = (b"SMTPUTF8", b"BODY=8BITMIME") if needs_utf8(sender, recipient) else ()
        reply = await self._command(b"MAIL", f"FROM:<{sender}>".encode(), *extra)
        if reply.code != 250:
            return await self._end(reply)
        self._stage = Stage.RCPT
        reply = await self._command(b"RCPT", f"TO:<{recipient}>".encode())
        if reply.code not in (250, 251):
            return await self._end(reply)
        self._stage = Stage.DATA
        reply = await self._command(b"DATA", timeout=self._timeouts.data)
        if reply.code != 354:
            return await self._end(reply)
        if not may_finish():
            self.abort()
            return Outcome(kind=OutcomeKind.RELAY, text="the lease ended first")
        parcel.batch.before_dot(parcel.key)
        reply = await self._finish(b"".join(parcel.message))
        return await self._end(reply)

    async def _command(self, *words: bytes, timeout: float | None = None) -> SMTPResponse:
        return await self._smtp.execute_command(*words, timeout=timeout or self._timeouts.command)

    async def _finish(self, message: bytes) -> SMTPResponse:
        protocol = self._smtp.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        # From the first byte of this write on nobody can say whether the relay has it all.
        self._stage = Stage.DOT
        protocol.write(message + b".\r\n")
        return await protocol.read_response(timeout=self._timeouts.dot)

    async def _end(self, reply: SMTPResponse) -> Outcome:
        outcome = classify(self._stage, reply.code, said(reply.message.splitlines()))
        if outcome.code in (0, 421) or (outcome.code < 400 and outcome.kind is not OutcomeKind.ACCEPTED):
            # Lost, or out of step.
            self.abort()
        elif self._stage is not Stage.DOT and self.usable:
            # MAIL is still open: a second one would be refused as nested.
            await self._reset()
        return outcome

    async def _reset(self) -> None:
        try:
            await self._command(b"RSET")
        except (SMTPException, OSError, TimeoutError):
            self.abort()

    def abort(self) -> None:
        """Drop the connection at once."""
        self._age.cancel()
        if self._pipeline is not None:
            self._pipeline.abort()
        transport = cast("asyncio.Transport | None", self._smtp.transport)
        if transport is not None:
            transport.abort()
        self._smtp.close()

    async def close(self) -> None:
        """Say goodbye and drop the connection."""
        self._age.cancel()
        try:
            if self.usable:
                self._hand_back()
                await self._smtp.quit(timeout=self._timeouts.quit)
        except (SMTPException, OSError, TimeoutError):
            pass
        finally:
            self._smtp.close()

    def _hand_back(self) -> None:
        """Give the transport to aiosmtplib again, which knows how to say goodbye."""
        if self._pipeline is not None and self._smtp.protocol is not None:
            self._pipeline.transport.set_protocol(self._smtp.protocol)
            self._pipeline = None


def _size(smtp: SMTP) -> int:
    """As it says; where it does not, or says 0, there is no limit that it knows of."""
    said = smtp.esmtp_extensions.get("size", "").strip()
    return (int(said) if said.isascii() and said.isdigit() else 0) or sys.maxsize


def code_of(error: BaseException) -> int:
    """The reply code that an error carries; 0 for none."""
    if not isinstance(error, SMTPResponseException):
        return 0
    return error.code if 200 <= error.code <= 599 else 0
