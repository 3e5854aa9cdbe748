"""A person's address, and its standing with one digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SubscriptionState(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"


P = SubscriptionState
MOVES: dict[SubscriptionState, frozenset[SubscriptionState]] = {
    P.PENDING: frozenset({P.CONFIRMED, P.UNSUBSCRIBED}),
    P.CONFIRMED: frozenset({P.UNSUBSCRIBED}),
    # Only the owner of the address comes back, by confirming anew; never an import.
    P.UNSUBSCRIBED: frozenset({P.PENDING, P.CONFIRMED}),
}


class Basis(StrEnum):
    """Why we may write to somebody."""

    CONSENT = "consent"
    MEMBERSHIP = "membership"
    SOFT_OPT_IN = "soft opt-in"


class SuppressionReason(StrEnum):
    HARD_BOUNCE = "hard bounce"
    SOFT_BOUNCES = "soft bounces"
    """Three editions in a row."""
    COMPLAINT = "complaint"
    OPERATOR = "operator"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    id: int
    """The row; never leaves the house."""
    handle: str
    """Random, stands for the subscriber in links and tokens."""
    email: str
    """As typed."""
    email_norm: str
    """Local part NFC as typed, domain as lower-case A-labels (RFC 5891)."""
    name: str
    language: str
    created_at: datetime
    text_only: bool = False
    """Wants letters without their HTML part."""
    suppressed: bool = False
    """Nothing may be written to the address but to ask its owner, where they may lift that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    subscriber: int
    digest: str
    state: SubscriptionState
    basis: Basis
    evidence: str
    """JSON: when, from where, the wording shown."""
    changed_at: datetime
    confirmed_at: datetime | None = None
    paused_until: datetime | None = None
    """Nothing is sent until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Some of a digest's people; what is empty does not choose."""

    language: str = ""
    """A primary tag stands for its regions: "es" for "es-cl", too."""
    attributes: tuple[tuple[str, str], ...] = ()
    """(name, value), all of which must hold."""
    joined_since: datetime | None = None

    @property
    def words(self) -> str:
        """What it chooses by: "language es, country Chile, since 2026-01-01"; empty for everybody."""
        said = [f"language {self.language}"] if self.language else []
        said += [f"{name} {value}" for name, value in self.attributes]
        said += [f"since {self.joined_since:%Y-%m-%d}"] if self.joined_since else []
        return ", ".join(said)


EVERYBODY = Segment()
