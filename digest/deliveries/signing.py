"""Signing off the event loop: `cryptography` lets go of the GIL, so threads sign while the wire is busy.

A few messages are signed ahead of the wire, in the order in which it takes them. Signed once is enough, however
often a message must be tried.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from digest.deliveries.smtp.parcel import Parcel
from digest.deliveries.taking import Taking, Wanted
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

    own = headers.mailbox(sender.from_).domain
    return tuple(
        dkim.Signer(
            domain=each.domain or own,
            selector=each.selector,
            key=dkim.read_key(private(each.key_file), about=str(each.key_file)),
        )
        for each in sender.dkim
    )


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


class Outgoing:
    """When a crew may take the next message: at a sender's pace, and signed where it signs."""

    def __init__(self, signing: Signing | None, places: Taking) -> None:
        self._ahead = ahead = _Ahead(signing) if signing else None
        self._places = places
        self.ready = (lambda: ahead.ready() and places.ready()) if ahead else places.ready
        """Takes the place of the next message where it needs no waiting for, nor its signature."""

    @property
    def dress(self) -> Callable[[Parcel], None] | None:
        """What gives a message its signatures; None where there are none."""
        return self._ahead.dress if self._ahead else None

    def expect(self, parcels: Iterable[Parcel]) -> None:
        """These come next, in this order."""
        if self._ahead:
            self._ahead.expect(parcels)

    async def take(self, wanted: Wanted) -> bool:
        """Wait until the next message is signed and has its place; False where there is none for now."""
        if self._ahead:
            await self._ahead.wait()
        return await self._places.take(wanted)


class _Ahead:
    """Messages in their order, a few of them signed before they are asked for."""

    def __init__(self, signing: Signing) -> None:
        self._signing = signing
        self._plain: deque[Parcel] = deque()
        self._begun: dict[Parcel, Future[bytes]] = {}
        """Those that nobody has asked for yet, the next one first."""

    def expect(self, parcels: Iterable[Parcel]) -> None:
        """These and no others: what was left lying is not asked for any more."""
        self._plain = deque(parcel for parcel in parcels if parcel.message)
        self._begun.clear()
        self._begin()

    def ready(self) -> bool:
        """Whether the next one needs no waiting for."""
        begun = self._next()
        return begun is None or begun.done()

    async def wait(self) -> None:
        """Until the next one is ready, whichever that is by then."""
        while (begun := self._next()) and not begun.done():
            await asyncio.wait({asyncio.wrap_future(begun)})

    def dress(self, parcel: Parcel) -> None:
        """Give the parcel its signed message; one that comes again has it."""
        if not parcel.signed:
            begun = self._begun.pop(parcel, None)
            whole = begun.result() if begun else self._signing.sign(b"".join(parcel.message))
            parcel.message, parcel.most, parcel.signed = (whole,), len(whole), True
            self._begin()

    def _next(self) -> Future[bytes] | None:
        return next(iter(self._begun.values()), None)

    def _begin(self) -> None:
        while self._plain and len(self._begun) < AHEAD:
            parcel = self._plain.popleft()
            self._begun[parcel] = self._signing.begin(b"".join(parcel.message))
