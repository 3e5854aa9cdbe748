"""Signing off the event loop: `cryptography` lets go of the GIL, so threads sign while the wire is busy.

A few messages are signed ahead of the wire, in the order in which it takes them; a message that comes again, or
out of its turn, is signed on the spot.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from digest.deliveries.smtp.crew import Wanted
from digest.deliveries.smtp.parcel import Parcel
from digest.deliveries.taking import Taking
from digest.letter import headers
from digest.settings.keys import private
from digest.settings.sections import Sender

if TYPE_CHECKING:
    from digest.deliveries.dkim import Signer

AHEAD = 32
"""Messages that are signed before the wire asks for them: a megabyte or so."""
_THREADS = min(8, os.cpu_count() or 1)


def signers(sender: Sender) -> tuple[Signer, ...]:
    """Those that a sender declares; ConfigError naming the key file that is missing, open to others or no key."""
    if not sender.dkim:
        return ()
    from digest.deliveries import dkim  # `cryptography` is heavy, and most leave signing to the relay

    own = headers.mailbox(sender.from_).address.rpartition("@")[2]
    return tuple(
        dkim.Signer(
            domain=each.domain or own,
            selector=each.selector,
            key=dkim.read_key(private(each.key_file), about=str(each.key_file)),
        )
        for each in sender.dkim
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """When a crew may take the next message, and what dresses it for the wire."""

    take: Callable[[Wanted], Awaitable[bool]]
    ready: Callable[[], bool]
    dress: Callable[[Parcel], None] | None = None


class Signing:
    """A sender's signatures, made on threads of its own."""

    def __init__(self, signers: Sequence[Signer], clock: Callable[[], datetime]) -> None:
        self._signers = tuple(signers)
        self._clock = clock
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="dkim")

    def begin(self, message: bytes) -> Future[bytes]:
        """The message with its signatures, when a thread has made them."""
        return self._threads.submit(self.sign, message)

    def sign(self, message: bytes) -> bytes:
        """The message with its signatures, now."""
        from digest.deliveries import dkim

        return dkim.signed(message, self._signers, at=self._clock())

    def close(self) -> None:
        """What is not begun is not signed any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def outgoing(signing: Signing | None, parcels: Sequence[Parcel], places: Taking) -> Outgoing:
    """`parcels` at a sender's pace, and signed where it signs."""
    if signing is None:
        return Outgoing(take=places.take, ready=places.ready)
    ahead = _Ahead(signing, parcels)

    async def take(wanted: Wanted) -> bool:
        await ahead.wait()
        return await places.take(wanted)

    return Outgoing(take=take, ready=lambda: ahead.ready() and places.ready(), dress=ahead.dress)


class _Ahead:
    """Messages in their order, a few of them signed before they are asked for."""

    def __init__(self, signing: Signing, parcels: Sequence[Parcel]) -> None:
        self._signing = signing
        self._plain = [parcel.message for parcel in parcels]
        self._begun: dict[int, Future[bytes]] = {}
        self._next = 0
        """The first that nobody has asked for yet."""
        self._upto = 0
        self._begin()

    def ready(self) -> bool:
        """Whether the next one needs no waiting for."""
        begun = self._begun.get(self._next)
        return begun is None or begun.done()

    async def wait(self) -> None:
        """Until the next one is ready, whichever that is by then."""
        while (begun := self._begun.get(self._next)) and not begun.done():
            await asyncio.wait({asyncio.wrap_future(begun)})

    def dress(self, parcel: Parcel) -> None:
        """Give the parcel its signed message."""
        begun = self._begun.pop(parcel.key, None)
        self._next = max(self._next, parcel.key + 1)
        self._begin()
        whole = begun.result() if begun else self._signing.sign(b"".join(self._plain[parcel.key]))
        parcel.message, parcel.most = (whole,), len(whole)

    def _begin(self) -> None:
        while self._upto < min(len(self._plain), self._next + AHEAD):
            at, self._upto = self._upto, self._upto + 1
            if self._plain[at]:
                self._begun[at] = self._signing.begin(b"".join(self._plain[at]))
