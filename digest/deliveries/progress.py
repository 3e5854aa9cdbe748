"""How a mailing stands while it is being sent, told to whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from digest.store.mailings import MailingRow
from digest.store.shards import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A mailing and its counters at one moment."""

    mailing: MailingRow
    counts: Counts


ProgressOf = Callable[[Progress], None]
