"""From a relay's address to an open session: aiosmtplib connects, protects, logs in and greets."""

from __future__ import annotations

import ssl
from contextlib import suppress

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from digest.deliveries.outcome import shown
from digest.deliveries.smtp.connection import Connection, code_of
from digest.deliveries.smtp.relay import Relay
from digest.deliveries.smtp.share import Share
from digest.deliveries.smtp.sweep import Sweep
from digest.deliveries.smtp.timeouts import Timeouts
from digest.deliveries.smtp.volley import Volley
from digest.model.deliveries import Outcome, OutcomeKind


async def connect(
    relay: Relay,
    sweep: Sweep,
    volley: Volley,
    share: Share,
    *,
    hostname: str | None = None,
    tls: ssl.SSLContext | None = None,
    in_full: bool = False,
) -> Connection | Outcome:
    """An open session with `relay`, protected as declared and logged in; else why not."""
    smtp = SMTP(
        hostname=relay.host,
        port=relay.port,
        use_tls=relay.tls,
        start_tls=False,
        tls_context=tls,
        timeout=sweep.timeouts.connect,
        local_hostname=hostname,
    )
    try:
        await _open(smtp, relay)
    except (SMTPException, OSError, TimeoutError, ValueError) as error:
        if not isinstance(error, OSError):
            await _say_goodbye(smtp, sweep.timeouts)
        smtp.close()
        text = f"{relay}: {shown(_said(error))}"
        return Outcome(kind=OutcomeKind.RELAY, code=code_of(error), text=text)
    return Connection(relay, smtp, sweep, volley, share, in_full=in_full)


async def _open(smtp: SMTP, relay: Relay) -> None:
    """Step by step, so that a relay which refuses one is told goodbye."""
    await smtp.connect()
    await _greet(smtp)
    if relay.starttls:
        await smtp.starttls()
        # What was offered before may have been anybody's word (RFC 3207, 4.2).
        await _greet(smtp)
    if relay.user:
        await smtp.login(relay.user, relay.password)


async def _greet(smtp: SMTP) -> None:
    try:
        await smtp.ehlo()
    except aiosmtplib.SMTPHeloError as error:
        if error.code < 500:
            raise
        await smtp.helo()


async def _say_goodbye(smtp: SMTP, timeouts: Timeouts) -> None:
    with suppress(SMTPException, OSError, TimeoutError):
        if smtp.is_connected:
            await smtp.quit(timeout=timeouts.quit)


def _said(error: BaseException) -> str:
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {error.message}"
    return str(error) or type(error).__name__
