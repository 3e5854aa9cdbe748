"""How what comes back reaches us, besides `digest bounce`: a mailbox that is polled, and providers that report."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from digest.settings.quantities import Duration
from digest.settings.sections import Section


def _imap(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username:
        raise ValueError('is no mailbox; write it like "imaps://user:password@mail.example.org/INBOX"')
    return url


class Hooks(Section):
    """What each provider's reports are checked with; without one its reports are refused."""

    ses: SecretStr | None = None
    mailgun: SecretStr | None = None
    postmark: SecretStr | None = None
    sendgrid: SecretStr | None = None
    brevo: SecretStr | None = None


class Bounces(Section):
    imap: Annotated[SecretStr, AfterValidator(_imap)] | None = None
    every: Duration = timedelta(minutes=5)
    hooks: Hooks = Hooks()
