"""What sending needs beside the ledger, handed in by the composition root; and each sender's way out."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from digest.deliveries import pace, page
from digest.deliveries.incident import Alert, nobody_listens
from digest.deliveries.journal import Journal
from digest.deliveries.pace import Pace
from digest.deliveries.personalise import LinksOf, ReasonOf
from digest.deliveries.portion import Portion
from digest.deliveries.signing import Signing
from digest.deliveries.smtp.pool import Pool
from digest.deliveries.smtp.relay import parse
from digest.deliveries.smtp.rest import Rest
from digest.deliveries.smtp.share import Share
from digest.deliveries.smtp.timeouts import Timeouts
from digest.errors import DeliveryError
from digest.letter import headers
from digest.letter.compile import Compiled
from digest.settings.digests import Digest
from digest.settings.keys import Keyring
from digest.settings.sections import Sender
from digest.store.clock import utc_now
from digest.store.database import Store, Tx
from digest.store.mailings import LetterRow, MailingRow

if TYPE_CHECKING:
    from digest.deliveries.dkim import Signer

LEASE = timedelta(seconds=10)
"""How long a shard waits for a worker that has died on another machine; a living one renews it well before."""
NO_DOT_AFTER = timedelta(seconds=2)
"""Before a lease ends: nothing is finished that late."""
PATIENCE = 8.0
"""Seconds that a stop waits for answers to final dots."""


Moved = Callable[[Tx, MailingRow], Awaitable[None]]
"""Told in the same transaction that a mailing begins (proving), stands still (paused) or is over (sent)."""


EnvelopeOf = Callable[[str, MailingRow], Callable[[Sequence[str]], Sequence[str]]]
"""(address for bounces, mailing) -> what makes from subscribers' handles the envelope sender of each one's letter."""


def plain_envelope(address: str, _mailing: MailingRow) -> Callable[[Sequence[str]], Sequence[str]]:
    """The same for every letter: whose bounce it is must then be read from the bounce."""
    return lambda handles: [address] * len(handles)


def as_it_is(message: bytes) -> bytes:
    """For notes that are what they look like."""
    return message


async def nobody_cares(tx: Tx, mailing: MailingRow) -> None:
    """For mailings without an edition to keep in step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One for a process: it remembers which relays were down, and what was counted."""

    store: Store
    keys: Keyring
    senders: Mapping[str, Sender]
    digests: Mapping[str, Digest]
    compile: Callable[[MailingRow, LetterRow], Compiled]
    links: LinksOf
    reason: ReasonOf
    envelope: EnvelopeOf = plain_envelope
    signers: Mapping[str, Sequence[Signer]] = field(default_factory=dict)
    """Of the senders that sign (DKIM)."""
    moved: Moved = nobody_cares
    alert: Alert = nobody_listens
    clock: Callable[[], datetime] = utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    timeouts: Timeouts = field(default_factory=Timeouts)
    hostname: str | None = None
    """What we say in EHLO; by default this machine's name."""
    owner: str = field(default_factory=lambda: secrets.token_hex(8))
    """Whose a lease is."""
    rehearsal: str = ""
    """In a rehearsal the one address that all mail goes to; else empty."""
    rehearsed: Callable[[bytes], bytes] = as_it_is
    """A note as it goes in a rehearsal."""
    journal: Journal | None = None
    """Kept under the same owner; without one, a crash leaves more in doubt."""
    rests: dict[str, Rest] = field(default_factory=dict)
    accepted: dict[tuple[int, str], int] = field(default_factory=dict)
    """How much of a mailing a domain had accepted when it was counted last."""

    @property
    def seconds(self) -> Callable[[], float]:
        """The clock for what is asked with every letter: since 1970, and without the work that a datetime is."""
        return time.time if self.clock is utc_now else lambda: self.clock().timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A sender's way out: connections for mailings, one more for notes, and their common pace."""

    sender: Sender
    pool: Pool
    notes: Pool
    pace: Pace
    portion: Portion
    signing: Signing | None
    envelope: str
    """Where bounces go."""
    domain: str
    """Of the From address: Message-IDs end in it."""
    rehearsal: str = ""
    rehearsed: Callable[[bytes], bytes] = as_it_is

    def recipients(self, wires: Sequence[str]) -> Sequence[str]:
        """Who get what is for `wires`: those, but for a rehearsal."""
        return [self.rehearsal] * len(wires) if self.rehearsal else wires


class Routes:
    """The ways out that one run uses; leaving the block says goodbye to every relay."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._open: dict[str, Route] = {}

    def of(self, slug: str) -> Route:
        """The way out of a sender; DeliveryError for one that is not configured or not safe to use."""
        if slug not in self._open:
            self._open[slug] = self._route(slug)
        return self._open[slug]

    def _route(self, slug: str) -> Route:
        context = self._context
        if slug not in context.senders:
            raise DeliveryError("is no sender of this configuration", about=slug)
        sender = context.senders[slug]
        relays = [parse(url) for url in sender.servers]
        rest = context.rests.setdefault(slug, Rest())
        share = Share(messages=sender.messages_per_connection, seconds=sender.connection_age.total_seconds())

        def pool(size: int) -> Pool:
            return Pool(
                relays,
                size,
                rest=rest,
                share=share,
                timeouts=context.timeouts,
                hostname=context.hostname,
                pipelining=sender.pipelining,
                in_full=sender.log_answers,
                ca=sender.ca,
            )

        address = headers.mailbox(sender.from_).address
        most = page.MOST if context.journal else pace.MOST
        return Route(
            sender=sender,
            pool=pool(sender.connections),
            notes=pool(1),
            pace=Pace.of(sender, context.store, most=most, clock=context.clock, sleep=context.sleep),
            portion=Portion(most),
            signing=Signing(context.signers[slug], context.clock) if context.signers.get(slug) else None,
            envelope=headers.mailbox(sender.bounces).address if sender.bounces else address,
            domain=address.rpartition("@")[2],
            rehearsal=context.rehearsal,
            rehearsed=context.rehearsed,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for route in self._open.values():
            await route.pool.close()
            await route.notes.close()
            if route.signing:
                route.signing.close()
