"""What a relay still has to answer, in the order in which it was asked."""

from __future__ import annotations

from collections import deque

from digest.deliveries.outcome import Stage
from digest.deliveries.smtp.parcel import Parcel

Due = tuple[Stage | None, Parcel]
"""One reply: to which command, for whose message. None for RSET, which says nothing of anybody."""


class Expected:
    """Nearly always it is four replies: a letter's acceptance, and three on the way to the next."""

    def __init__(self) -> None:
        self.steady: tuple[Parcel, Parcel] | None = None
        """Those four in short: the letter that was dotted, and the one announced behind it in the same write."""
        self.due: deque[Due] = deque()
        """All others, one by one."""

    def __bool__(self) -> bool:
        return self.steady is not None or bool(self.due)

    @property
    def stage(self) -> Stage | None:
        """What the next reply is to; None for RSET, and for nothing."""
        if self.steady:
            return Stage.DOT
        return self.due[0][0] if self.due else None

    def opening(self, parcel: Parcel, *, reset: bool = False) -> None:
        """The commands that lead to a message are on their way."""
        if reset:
            self.due.append((None, parcel))
        self.due.extend(((Stage.MAIL, parcel), (Stage.RCPT, parcel), (Stage.DATA, parcel)))

    def dot(self, parcel: Parcel) -> None:
        """A message and its final dot are on their way."""
        self.due.append((Stage.DOT, parcel))

    def next(self) -> Due:
        """The next reply is here: to what it is."""
        self.spell_out()
        return self.due.popleft()

    def back(self, due: Due) -> None:
        """That was no answer."""
        self.due.appendleft(due)

    def forgo(self, parcel: Parcel) -> None:
        """What was not even said of a message will not be answered."""
        while self.due and self.due[0][1] is parcel:
            self.due.popleft()

    def spell_out(self) -> None:
        """Expect reply by reply what is expected in short."""
        if self.steady:
            (parcel, following), self.steady = self.steady, None
            self.dot(parcel)
            self.opening(following)

    def drained(self) -> list[Parcel]:
        """Whom something is expected for, each once; and nothing is expected any more."""
        self.spell_out()
        parcels = {id(parcel): parcel for _, parcel in self.due}
        self.due.clear()
        return list(parcels.values())
