"""What a relay still has to answer, in the order in which it was asked."""

from __future__ import annotations

import re
from collections import deque

from digest.deliveries.outcome import Stage
from digest.deliveries.smtp.parcel import Parcel
from digest.deliveries.smtp.replies import ALL_WELL, ASKED, TAKEN

Due = tuple[Stage | None, Parcel]
"""One reply: to which command, for whose message. None for RSET, which says nothing of anybody."""


class Expected:
    """Nearly always it is a letter's acceptance, three replies on the way to the next, or all four."""

    def __init__(self, *, in_short: bool) -> None:
        self.reset_first = False
        """A refused group left MAIL open; a second one would be refused as nested."""
        self._in_short = in_short
        self.steady: tuple[re.Pattern[bytes], Parcel | None, Parcel | None] | None = None
        """Those in short: how they read, the letter that was dotted, and the one announced, behind it if both are."""
        self.due: deque[Due] = deque()
        """All others, one by one."""

    def __bool__(self) -> bool:
        return self.steady is not None or bool(self.due)

    @property
    def stage(self) -> Stage | None:
        """What the next reply is to; None for RSET, and for nothing."""
        if self.steady:
            return Stage.DOT if self.steady[1] else Stage.MAIL
        return self.due[0][0] if self.due else None

    def leading(self, dotted: Parcel | None, parcel: Parcel | None) -> bytes:
        """The commands behind a message that is dotted, which lead to the next: all of it expected to be answered."""
        if self._in_short and not (self.reset_first or self.due):
            if parcel is None:
                self.steady = (TAKEN, dotted, None)
                return b""
            self.steady = (ALL_WELL if dotted else ASKED, dotted, parcel)
            return parcel.opening
        if dotted:
            self.dot(dotted)
        return self._opened(parcel) if parcel else b""

    def _opened(self, parcel: Parcel) -> bytes:
        reset, self.reset_first = self.reset_first, False
        self.opening(parcel, reset=reset)
        return b"RSET\r\n" + parcel.opening if reset else parcel.opening

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
            (_, parcel, following), self.steady = self.steady, None
            if parcel:
                self.dot(parcel)
            if following:
                self.opening(following)

    def drained(self) -> list[Parcel]:
        """Whom something is expected for, each once; and nothing is expected any more."""
        self.spell_out()
        parcels = {id(parcel): parcel for _, parcel in self.due}
        self.due.clear()
        return list(parcels.values())
