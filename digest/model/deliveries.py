"""One edition's letter to one subscriber: its states, and a relay's answer as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class DeliveryState(IntEnum):
    """Small integers: a million of them stand in rows. We never say "delivered": nobody tells us."""

    OWED = 0
    SENDING = 1
    ACCEPTED = 2
    DEFERRED = 3
    REJECTED = 4
    UNCERTAIN = 5
    WITHDRAWN = 6
    """The subscriber left or was suppressed before it went."""


D = DeliveryState
MOVES: dict[DeliveryState, frozenset[DeliveryState]] = {
    D.OWED: frozenset({D.SENDING, D.WITHDRAWN}),
    D.SENDING: frozenset({D.OWED, D.ACCEPTED, D.DEFERRED, D.REJECTED, D.UNCERTAIN, D.WITHDRAWN}),
    D.DEFERRED: frozenset({D.SENDING, D.WITHDRAWN, D.REJECTED}),
    D.UNCERTAIN: frozenset({D.SENDING, D.ACCEPTED, D.WITHDRAWN}),
    D.ACCEPTED: frozenset(),
    D.REJECTED: frozenset(),
    D.WITHDRAWN: frozenset(),
}
SETTLED = frozenset({D.ACCEPTED, D.REJECTED, D.WITHDRAWN})


class OutcomeKind(StrEnum):
    ACCEPTED = "accepted"
    """2xx after the final dot."""
    DEFERRED = "deferred"
    """4xx about this recipient: try again later."""
    REJECTED = "rejected"
    """5xx about this recipient: over."""
    UNCERTAIN = "uncertain"
    """The connection died after the final dot."""
    RELAY = "relay"
    """About the session, the sender or the relay; nothing against this recipient: owed as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one attempt; `code` is the SMTP reply code, 0 where none arrived."""

    kind: OutcomeKind
    code: int = 0
    text: str = ""


class NoteKind(StrEnum):
    CONFIRM = "confirm"
    MANAGE = "manage"
    ALERT = "alert"
    TEST = "test"


class NoteState(StrEnum):
    OWED = "owed"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A range of a mailing's deliveries, by subscriber id, both ends included, and its lease."""

    mailing: int
    number: int
    first: int
    last: int
    owner: str = ""
    leased_until: datetime | None = None
    next_due: datetime | None = None
    """None when nothing in it is owed any more."""
