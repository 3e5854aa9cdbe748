"""One SMTP session, the careful way: opened by aiosmtplib, then a message at a time, every step known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponse, SMTPResponseException

from digest.deliveries.outcome import Stage, classify, shown
from digest.deliveries.smtp.parcel import BeforeDot, Result, Source, untold
from digest.deliveries.smtp.pipeline import Pipeline
from digest.deliveries.smtp.relay import Relay, is_writable, needs_utf8
from digest.deliveries.smtp.timeouts import Timeouts
from digest.model.deliveries import Outcome, OutcomeKind


def always() -> bool:
    """For what has no lease to outlive."""
    return True


def unsaid() -> None:
    """For what nobody keeps a journal of."""


class Connection:
    """An open session; after any loss or 421 it is no longer `usable`."""

    def __init__(self, relay: Relay, smtp: SMTP, timeouts: Timeouts) -> None:
        self.relay = relay
        self.sent = 0
        """Messages that got a verdict."""
        self._stage = Stage.MAIL
        self._smtp = smtp
        self._timeouts = timeouts
        self._pipeline: Pipeline | None = None

    @property
    def usable(self) -> bool:
        if self._pipeline is not None:
            return not self._pipeline.lost
        return self._smtp.is_connected

    @property
    def most_bytes(self) -> int:
        """The largest message it takes (RFC 1870); 0 where it does not say."""
        said = self._smtp.esmtp_extensions.get("size", "").strip()
        return int(said) if said.isascii() and said.isdigit() else 0

    async def stream(
        self, source: Source, result: Result, *, may_finish: Callable[[], bool], before_dot: BeforeDot = untold
    ) -> None:
        """Send what the source gives, a round trip a message where the relay allows it."""
        if self._pipeline is None:
            transport = self._smtp.transport
            if not isinstance(transport, asyncio.Transport):
                raise aiosmtplib.SMTPServerDisconnected("Connection lost")
            pipelining = self._smtp.supports_extension("pipelining")
            self._pipeline = Pipeline(transport, self._timeouts, pipelining=pipelining)
        await self._pipeline.run(source, result, may_finish=may_finish, before_dot=before_dot)

    async def send(
        self,
        sender: str,
        recipient: str,
        message: bytes,
        *,
        may_finish: Callable[[], bool] = always,
        before_dot: Callable[[], None] = unsaid,
    ) -> Outcome:
        """Send one message to one recipient; every failure of the relay is an outcome.

        `message` ends with CRLF and has no line that begins with a dot. `may_finish` is asked just before
        its last byte: where it says no, nothing has been sent.
        """
        if refused := self.refusal(sender, recipient):
            return refused
        self._stage = Stage.MAIL
        try:
            outcome = await self._transaction(sender, recipient, message, may_finish, before_dot)
        except (SMTPException, OSError, TimeoutError) as error:
            self.abort()
            return classify(self._stage, _code(error), f"lost at {self._stage}: {error or type(error).__name__}")
        except asyncio.CancelledError:
            self.abort()
            if self._stage is not Stage.DOT:
                raise
            return classify(Stage.DOT, 0, "stopped before the answer came")
        if outcome.kind not in (OutcomeKind.RELAY, OutcomeKind.UNCERTAIN):
            self.sent += 1
        return outcome

    def refusal(self, sender: str, recipient: str) -> Outcome | None:
        """Why an address cannot go over this session; None when it can."""
        if not (is_writable(recipient) and is_writable(sender)):
            return Outcome(kind=OutcomeKind.REJECTED, text="the address cannot be written on the wire")
        if needs_utf8(recipient) and not self._smtp.supports_extension("smtputf8"):
            return Outcome(kind=OutcomeKind.REJECTED, text="the relay takes no address beyond ASCII (no SMTPUTF8)")
        return None

    async def _transaction(
        self,
        sender: str,
        recipient: str,
        message: bytes,
        may_finish: Callable[[], bool],
        before_dot: Callable[[], None],
    ) -> Outcome:
        extra = (b"SMTPUTF8", b"BODY=8BITMIME") if needs_utf8(recipient) else ()
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
        before_dot()
        reply = await self._finish(message)
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
        outcome = classify(self._stage, reply.code, reply.message)
        if outcome.kind in (OutcomeKind.RELAY, OutcomeKind.UNCERTAIN):
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
        if self._pipeline is not None:
            self._pipeline.abort()
        if self._smtp.transport is not None and isinstance(self._smtp.transport, asyncio.WriteTransport):
            self._smtp.transport.abort()
        self._smtp.close()

    async def close(self) -> None:
        """Say goodbye and drop the connection."""
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


async def connect(relay: Relay, timeouts: Timeouts, *, hostname: str | None = None) -> Connection | Outcome:
    """An open session with `relay`, protected as declared and logged in; else why not."""
    smtp = SMTP(
        hostname=relay.host,
        port=relay.port,
        use_tls=relay.tls,
        start_tls=relay.starttls,
        username=relay.user,
        password=relay.password if relay.user else None,
        timeout=timeouts.connect,
        local_hostname=hostname,
    )
    try:
        await smtp.connect()
        if smtp.is_ehlo_or_helo_needed:
            await _greet(smtp)
    except (SMTPException, OSError, TimeoutError, ValueError) as error:
        smtp.close()
        text = f"{relay}: {shown(_said(error))}"
        return Outcome(kind=OutcomeKind.RELAY, code=_code(error), text=text)
    return Connection(relay, smtp, timeouts)


async def _greet(smtp: SMTP) -> None:
    try:
        await smtp.ehlo()
    except aiosmtplib.SMTPHeloError:
        await smtp.helo()


def _code(error: BaseException) -> int:
    if not isinstance(error, SMTPResponseException):
        return 0
    return error.code if 200 <= error.code <= 599 else 0


def _said(error: BaseException) -> str:
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {error.message}"
    return str(error) or type(error).__name__
