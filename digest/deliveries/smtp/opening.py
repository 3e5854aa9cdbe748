"""From a relay's address to an open session: aiosmtplib connects, protects, logs in and greets."""

from __future__ import annotations

import ssl

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from digest.deliveries.outcome import shown
from digest.deliveries.smtp.connection import Connection, code_of
from digest.deliveries.smtp.relay import Relay
from digest.deliveries.smtp.share import Share
from digest.deliveries.smtp.sweep import Sweep
from digest.deliveries.smtp.timeouts import Timeouts
from digest.model.deliveries import Outcome, OutcomeKind


async def connect(
    relay: Relay,
    timeouts: Timeouts,
    sweep: Sweep,
    share: Share,
    *,
    hostname: str | None = None,
    tls: ssl.SSLContext | None = None,
) -> Connection | Outcome:
    """An open session with `relay`, protected as declared and logged in; else why not."""
    smtp = SMTP(
        hostname=relay.host,
        port=relay.port,
        use_tls=relay.tls,
        start_tls=relay.starttls,
        tls_context=tls,
        username=relay.user,
        password=relay.password if relay.user else None,
        timeout=timeouts.connect,
        local_hostname=hostname,
    )
    try:
        await smtp.connect()
        if smtp.is_ehlo_or_helo_needed:
            # Also after STARTTLS: what was offered before it may have been anybody's word (RFC 3207, 4.2).
            await _greet(smtp)
    except (SMTPException, OSError, TimeoutError, ValueError) as error:
        smtp.close()
        text = f"{relay}: {shown(_said(error))}"
        return Outcome(kind=OutcomeKind.RELAY, code=code_of(error), text=text)
    return Connection(relay, smtp, timeouts, sweep, share)


async def _greet(smtp: SMTP) -> None:
    try:
        await smtp.ehlo()
    except aiosmtplib.SMTPHeloError as error:
        if error.code < 500:
            raise
        await smtp.helo()


def _said(error: BaseException) -> str:
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {error.message}"
    return str(error) or type(error).__name__
