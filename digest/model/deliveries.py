"""One edition's letter to one subscriber: its states, and a relay's answer as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
    D.REJECTED: frozenset({D.DEFERRED}),
    D.WITHDRAWN: frozenset(),
}
SETTLED = frozenset({D.ACCEPTED, D.WITHDRAWN})
"""For ever; what was rejected may be doubted once, where a domain rejects very many."""


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
    """About the session or the relay; nothing against this recipient: owed as before."""
    SENDER = "sender"
    """About who we are or what we send (blocked, unauthenticated, too big): owed as before, and the mailing stops."""


class Fault(StrEnum):
    """Whose fault a failure is."""

    MAILBOX = "mailbox"
    """The recipient's: nobody there, full, closed."""
    POLICY = "policy"
    """The receiving side does not want mail like this, or from such as we are."""
    CONTENT = "content"
    """What the letter says, or how big it is: every recipient would hear the same."""
    SESSION = "session"
    """The connection's, or a server's that is busy: nothing is held against the recipient."""
    SENDER = "sender"
    """Ours: who we are cannot be shown, or is not allowed to send."""


class Reason(StrEnum):
    """What a failure is about, as far as the reply tells."""

    NOBODY = "nobody there"
    FULL = "mailbox full"
    CLOSED = "mailbox closed"
    UNKNOWN = "unknown"
    GREYLISTED = "greylisted"
    RESTRICTED = "restricted"
    """One recipient's own rule about who may write."""
    BLOCKED = "blocked"
    SPAM = "taken for spam"
    SIZE = "too big"
    MALFORMED = "malformed"
    THROTTLED = "throttled"
    BUSY = "busy"
    LOST = "connection lost"
    UNAUTHENTICATED = "unauthenticated"
    LOGIN = "login refused"
    REFUSED = "sender refused"

    @property
    def fault(self) -> Fault:
        return _FAULTS[self]


_FAULTS = (
    dict.fromkeys((Reason.NOBODY, Reason.FULL, Reason.CLOSED, Reason.UNKNOWN), Fault.MAILBOX)
    | dict.fromkeys((Reason.GREYLISTED, Reason.RESTRICTED, Reason.BLOCKED), Fault.POLICY)
    | dict.fromkeys((Reason.SPAM, Reason.SIZE, Reason.MALFORMED), Fault.CONTENT)
    | dict.fromkeys((Reason.THROTTLED, Reason.BUSY, Reason.LOST), Fault.SESSION)
    | dict.fromkeys((Reason.UNAUTHENTICATED, Reason.LOGIN, Reason.REFUSED), Fault.SENDER)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one attempt; `code` is the SMTP reply code, 0 where none arrived."""

    kind: OutcomeKind
    code: int = 0
    text: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip() if self.code else self.text


class MailingStatus(StrEnum):
    PROVING = "proving"
    """The first few go out; the others wait until those are answered."""
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


RUNNING = (MailingStatus.PROVING, MailingStatus.SENDING)
"""Of such a mailing letters go out, as long as nobody stops it."""


class MailingKind(StrEnum):
    EDITION = "edition"
    """The edition itself; of a later revision, to those who have none yet."""
    CORRECTION = "correction"
    """A few words to those who have an earlier revision, or may have it."""


class NoteKind(StrEnum):
    CONFIRM = "confirm"
    MANAGE = "manage"
    ALERT = "alert"
    PROOF = "proof"


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


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def millis(at: datetime) -> int:
    """Whole milliseconds since 1970: what `deliveries` and `shards` keep."""
    return (at - EPOCH) // MILLISECOND


def moment(at: int) -> datetime:
    """The instant of `millis`."""
    return EPOCH + at * MILLISECOND
