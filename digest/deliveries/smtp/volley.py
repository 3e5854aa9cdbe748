"""Letters of all sessions, written one behind the other when the loop has heard whoever was ready for one.

To read what relays say is one work, to hand the kernel thirty kilobytes another, and each empties the processor's
nearest memory of what the other needs. Done by turns for each letter, both take longer than done for ten in a row.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from digest.deliveries.smtp.parcel import Parcel

DOT = b".\r\n"
"""What ends a message."""


class Session(Protocol):
    """One that was asked for a message."""

    def may_write(self) -> bool:
        """Whether it goes on; where not, it has ended."""

    @property
    def transport(self) -> asyncio.Transport:
        """What is written to."""

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""


class Volley:
    """What is to be written before the loop looks again at who has something to say."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Session, Parcel, bytes]] = []

    def add(self, session: Session, parcel: Parcel, behind: bytes) -> None:
        """A message, its dot, and the commands behind it; none of it where the session is over by then."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._fire)
        self._waiting.append((session, parcel, behind))

    def _fire(self) -> None:
        waiting, self._waiting = self._waiting, []
        for session, parcel, behind in waiting:
            try:
                if not session.may_write():
                    continue
                # From the first byte of this write on nobody can say whether the relay has it all.
                parcel.dotted = True
                parcel.batch.before_dot(parcel.key)
                # One join, and one write: thirty kilobytes are copied once.
                session.transport.write(b"".join((*parcel.message, DOT, behind)))
            except Exception as error:
                # Whatever one session meets, the others have their say.
                session.connection_lost(error)
