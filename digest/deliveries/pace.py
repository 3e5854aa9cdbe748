"""How fast one sender writes: places reserved in the ledger by the lump, spread evenly by this process.

Per second (GCRA), rolling hour and rolling day, for the sender and for domains that have limits of their own. A
lump is at most a second; who asks while the places are given away for longer comes back later, with nothing
claimed. Mailings leave a twentieth of the rate to notes.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from digest.deliveries.throttle import Heard, slowed
from digest.settings.sections import Limits, Sender
from digest.store import pace
from digest.store.database import Tx
from digest.store.pace import DAY, HOUR, Standing

MOST = 100
"""Deliveries in one claim without a journal: what a crash may leave in doubt."""
RESERVE = 0.05
"""Of the rate, for notes."""
PAUSE = timedelta(seconds=5)
"""For all who share the pace, when a relay asks to slow down for the first time."""
LUMP = 1.0
_LATE = 0.1
"""Seconds of places that went by which are made up for at once; what is later is spread anew."""
_FRESH = 0.25
_SPREAD = 60.0


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many may be claimed now, how many of them in domains with limits; and when more may, in seconds."""

    count: int
    domains: Mapping[str, int] = field(default_factory=dict)
    opens: float = 0.0


@dataclass(slots=True)
class Pace:
    """A sender's limits, kept by all processes that share a ledger together."""

    key: str
    limits: Limits
    most: int = MOST
    """In one claim."""
    domains: Mapping[str, Limits] = field(default_factory=dict)
    clock: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _starts: float = 0.0
    _taken: int = 0
    _apart: float = 0.0
    """Seconds between two places of the lump."""
    _looked: float = field(default=float("-inf"))
    _standing: Standing = field(default_factory=Standing)
    _came_back: int = 0

    @classmethod
    def of(cls, sender: Sender, *, most: int = MOST, clock: Callable[[], datetime] = utc_now) -> Pace:
        """The pace that a sender's settings declare."""
        return cls(sender.slug, sender.limits, most, sender.domains, clock)

    @property
    def rate(self) -> float | None:
        """Messages a second that mailings may take."""
        return self.limits.rate and self.limits.rate * (1 - RESERVE)

    async def room(self, tx: Tx) -> Room:
        """How many may be claimed now: a second's worth, within what the hour and the day have left."""
        standing = await self._stands(tx)
        if standing.ahead > LUMP:
            return Room(count=0, opens=standing.ahead)
        rate = _halved(self.rate, standing.level)
        count = self.most if rate is None else max(1, min(self.most, int(rate * LUMP)))
        left, opens = await self._left(tx, self.key, self.limits)
        count = min(count, left)
        if not count or not self.domains:
            return Room(count=count, opens=opens)
        return await self._by_domain(tx, count)

    async def reserve(self, tx: Tx, recipients: Sequence[str]) -> None:
        """Take the places of what was just claimed, in the same transaction."""
        if not recipients:
            return
        count, level = len(recipients), self._standing.level
        # Before the row is asked for: what we wait for it is not to be waited for again.
        begun, wait = self.monotonic(), 0.0
        if self.limits.rate or level or self._standing.ahead:
            wait = await pace.reserve(tx, self.key, count, rate=self.rate, now=self.clock())
        await self._spend(tx, self.key, self.limits, count)
        if self.domains:
            await self._reserve_domains(tx, Counter(map(domain_of, recipients)))
        rate = _halved(self.rate, level)
        self._apart = 1 / rate if rate else 0.0
        self._starts, self._taken = begun + wait, 0

    async def place(self, tx: Tx) -> float:
        """A place for one note: seconds to wait for it. No allowance is too small for a note.

        It is of the notes' own twentieth; once that is given away, the next of all, ahead of every claim to come.
        """
        now, rate = self.clock(), self.limits.rate
        await self._spend(tx, self.key, self.limits, 1)
        if rate is None:
            return 0.0
        own = f"{self.key} notes"
        if not (await pace.standing(tx, [own], now))[own].ahead:
            return await pace.reserve(tx, own, 1, rate=rate * RESERVE, now=now)
        return await pace.reserve(tx, self.key, 1, rate=self.rate, now=now)

    async def heard(self, tx: Tx, heard: Heard) -> None:
        """Slow down, with all who share the pace, where a relay asks for it."""
        for domain in sorted(slowed(heard, self.domains)):
            key = f"{self.key} {domain}" if domain else self.key
            await pace.slow(tx, key, pause=PAUSE, now=self.clock())
            self._looked = float("-inf")

    async def take(self) -> None:
        """Wait for the next of the reserved places."""
        if not self._apart and self._starts <= self.monotonic():
            return
        wait = self._until_next()
        self._taken += 1
        if wait > 0:
            await self.sleep(wait)

    def ready(self) -> bool:
        """Take the next of the reserved places where it needs no waiting for; whether it did."""
        if not self._apart:
            return True
        if self._until_next() > 0:
            return False
        self._taken += 1
        return True

    def _until_next(self) -> float:
        """Seconds to the next place. A process that stood still does not write all that it missed in one go."""
        wait = self._starts + self._taken * self._apart - self.monotonic()
        if wait < -(slack := max(self._apart, _LATE)):
            self._starts -= wait + slack
            return -slack
        return wait

    async def _stands(self, tx: Tx) -> Standing:
        """How the sender's row stands; without a rate, asked for no more than a few times a second."""
        if self.limits.rate is None and self.monotonic() - self._looked < _FRESH:
            return self._standing
        self._looked = self.monotonic()
        self._standing = (await pace.standing(tx, [self.key], self.clock()))[self.key]
        return self._standing

    async def _by_domain(self, tx: Tx, count: int) -> Room:
        """The room for each domain with limits: a lump where its places are not given away, else none."""
        keys = {domain: f"{self.key} {domain}" for domain in sorted(self.domains)}
        standings = await pace.standing(tx, list(keys.values()), self.clock())
        rooms, opens = {}, [_SPREAD]
        for domain, key in keys.items():
            limits, stands = self.domains[domain], standings[key]
            rate = _halved(limits.rate, stands.level)
            left, later = await self._left(tx, key, limits)
            lump = left if rate is None else min(left, max(1, int(rate * LUMP)))
            rooms[domain] = 0 if stands.ahead else lump
            if not rooms[domain]:
                opens.append(max(stands.ahead, later) + self._turn(1 / rate if rate else 1.0))
        return Room(count=count, domains=rooms, opens=min(opens[1:], default=0.0))

    def _turn(self, interval: float) -> float:
        """Shards that wait for one domain come back one after another, not all at once."""
        self._came_back += 1
        return interval * (self._came_back % max(1, int(_SPREAD / interval)))

    async def _left(self, tx: Tx, key: str, limits: Limits) -> tuple[int, float]:
        left, opens = self.most, 0.0
        for limit, window in ((limits.per_hour, HOUR), (limits.per_day, DAY)):
            if limit is not None:
                free, later = await pace.left(tx, key, limit, window, self.clock())
                left, opens = min(left, free), max(opens, later)
        return left, opens

    async def _spend(self, tx: Tx, key: str, limits: Limits, count: int) -> None:
        for limit, window in ((limits.per_hour, HOUR), (limits.per_day, DAY)):
            if limit is not None:
                await pace.spend(tx, key, count, window, self.clock())

    async def _reserve_domains(self, tx: Tx, counts: Mapping[str, int]) -> None:
        for domain in sorted(self.domains.keys() & counts):
            key, limits = f"{self.key} {domain}", self.domains[domain]
            await pace.reserve(tx, key, counts[domain], rate=limits.rate, now=self.clock())
            await self._spend(tx, key, limits, counts[domain])


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def _halved(rate: float | None, level: int) -> float | None:
    if not level:
        return rate
    return (rate or pace.ASSUMED) / float(2**level)
