"""Messages that were claimed together, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from digest.deliveries.smtp.parcel import Parcel
from digest.model.deliveries import Outcome, OutcomeKind

BeforeDot = Callable[[int], None]
"""Told the place of a message just before its final dot is written."""
Answered = Callable[[int, Outcome], None]
"""Told the place of a message, and what became of it, as soon as it is known."""

_ACCEPTED = OutcomeKind.ACCEPTED


def untold(place: int) -> None:
    """For what nobody keeps a journal of."""


def unheard(place: int, outcome: Outcome) -> None:
    """For what nobody keeps a journal of."""


class Batch:
    """Some messages, each with its place among them, which is its key."""

    def __init__(
        self, parcels: Iterable[Parcel], *, before_dot: BeforeDot = untold, answered: Answered = unheard
    ) -> None:
        self.accepted: list[int] = []
        """Places of those that a relay took, in the order in which it did."""
        self.others: list[tuple[int, Outcome | None]] = []
        """Places of those that ended otherwise, and how; None for one that was not sent."""
        self.broken: list[Outcome] = []
        """Sessions that ended before they took anything."""
        self.before_dot = before_dot
        self.answered = answered
        for parcel in parcels:
            parcel.batch = self

    def end(self, parcel: Parcel, outcome: Outcome) -> None:
        """What became of a message."""
        self.answered(parcel.key, outcome)
        if outcome.kind is _ACCEPTED:
            self.accepted.append(parcel.key)
        else:
            self.others.append((parcel.key, outcome))
        # A message with a signature is one of a kind, and would be kept until the last is answered.
        parcel.message = ()

    def leave(self, parcel: Parcel) -> None:
        """It is not sent."""
        self.others.append((parcel.key, None))
