"""Who hears about trouble, and by which ways."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from digest.settings.kinds import Mailbox
from digest.settings.quantities import listed
from digest.settings.secret import SecretUrl
from digest.settings.sections import Section


class Alerts(Section):
    to: Annotated[tuple[Mailbox, ...], BeforeValidator(listed)] = ()
    sender: str | None = None
    webhook: SecretUrl | None = None
