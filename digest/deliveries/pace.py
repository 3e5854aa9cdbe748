"""How fast one sender writes: places reserved in the ledger by the lump, each for its own moment.

Per second (GCRA), rolling hour and rolling day, for the sender and for domains that have limits of their own. A
claim is at most a second; who asks while the places are given away for longer comes back later, with nothing
claimed. Mailings leave a twentieth of the rate to notes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from digest.deliveries.places import BACK, FAST, NONE, Places, lump, tolerance
from digest.deliveries.taking import Taking
from digest.deliveries.throttle import Heard, slowed
from digest.errors import StoreError
from digest.settings.sections import Limits, Sender
from digest.store import pace
from digest.store.clock import utc_now
from digest.store.database import Store, Tx
from digest.store.pace import DAY, HOUR, Standing

MOST = 100
"""Deliveries in one claim without a journal: what a crash may leave in doubt."""
RESERVE = 0.05
"""Of the rate, for notes."""
PAUSE = timedelta(seconds=5)
"""For all who share the pace, when a relay asks to slow down for the first time."""
CLAIM = 1.0
"""Seconds of pace in one claim, and for how long places may be given away to others when somebody claims."""
PATIENCE = 5.0
"""Seconds that a letter which is claimed waits for a place at most; then it is owed again."""
_NOTE_LATE = timedelta(seconds=5)
"""A note waits for its place alone: the ledger may take its time to hand it out."""
_FRESH = 0.25
_SPREAD = 60.0
_NEVER = datetime.min.replace(tzinfo=UTC)


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
    store: Store
    most: int = MOST
    """In one claim."""
    domains: Mapping[str, Limits] = field(default_factory=dict)
    clock: Callable[[], datetime] = utc_now
    """The ledger's, the same for all."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    places: Taking = field(init=False)
    """For a crew to take."""
    _looked: datetime = _NEVER
    _standing: Standing = field(default_factory=Standing)
    _shut: tuple[str, ...] = ()
    """The domains that the last room had none for."""
    _waiting: Counter[str] = field(default_factory=Counter)
    """How many shards wait for each domain since somebody got any of it."""

    def __post_init__(self) -> None:
        self.places = Taking(self.clock, self.sleep, self._more)

    @classmethod
    def of(
        cls,
        sender: Sender,
        store: Store,
        *,
        most: int = MOST,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> Pace:
        """The pace that a sender's settings declare."""
        return cls(sender.slug, sender.limits, store, most, sender.domains, clock, sleep)

    @property
    def rate(self) -> float | None:
        """Messages a second that mailings may take."""
        return self.limits.rate and self.limits.rate * (1 - RESERVE)

    async def room(self, tx: Tx) -> Room:
        """How many may be claimed now: a second's worth, within what the hour and the day have left."""
        self._shut = ()
        standing = await self._stands(tx)
        rate, ahead = _halved(self.rate, standing.level), self._ahead(standing)
        if ahead > (0.0 if rate is None else CLAIM):
            return Room(count=0, opens=ahead)
        count = self.most if rate is None else max(1, min(self.most, int(rate * CLAIM)))
        left, opens = await self._left(tx, self.key, self.limits)
        count = min(count, left)
        if not count or not self.domains:
            return Room(count=count, opens=opens)
        return await self._by_domain(tx, count)

    async def reserve(self, tx: Tx, recipients: Sequence[str]) -> None:
        """Count what was just claimed, and take its first places, in the same transaction."""
        if not recipients:
            self._waiting.update(self._shut)
            return
        await self._spend(tx, self.key, self.limits, len(recipients))
        if self.domains:
            await self._reserve_domains(tx, Counter(map(domain_of, recipients)))
        rate = _halved(self.rate, self._standing.level)
        if rate is None:
            self.places.hold(None)
        elif self.places.wait() is None:
            self.places.hold(NONE)
            # At a fast pace they would have gone by before the letters are written.
            if rate < FAST:
                await self._lease(tx)

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
            return (await pace.reserve(tx, own, 1, rate=rate * RESERVE, now=now)).ahead
        return (await pace.reserve(tx, self.key, 1, rate=self.rate, now=now)).ahead

    def keeps(self, place: datetime) -> bool:
        """Whether a note may still use the place that it took before."""
        late = max(_NOTE_LATE, tolerance(timedelta(seconds=1 / self.limits.rate))) if self.limits.rate else _NOTE_LATE
        return self.clock() - place <= late

    async def heard(self, tx: Tx, heard: Heard) -> None:
        """Slow down, with all who share the pace, where a relay asks for it."""
        for domain in sorted(slowed(heard, self.domains)):
            key = f"{self.key} {domain}" if domain else self.key
            await pace.slow(tx, key, pause=PAUSE, now=self.clock())
            self._looked = _NEVER
            if not domain:
                self.places.drop()

    def _ahead(self, standing: Standing) -> float:
        """Seconds to our next place, as far as anybody knows."""
        wait = self.places.wait()
        return standing.ahead if wait is None else max(0.0, wait)

    async def _more(self) -> bool:
        """Take more places; False where the next is too far away, or the ledger cannot be asked."""
        with suppress(StoreError):
            async with self.store.write() as tx:
                standing = await self._look(tx)
                if standing.ahead > PATIENCE:
                    return False
                await self._lease(tx)
            return True
        return False

    async def _lease(self, tx: Tx) -> None:
        """A lump of places, from now on or after those of others."""
        rate = _halved(self.rate, self._standing.level)
        if rate is None:
            self.places.hold(None)
            return
        count, now = lump(rate, self.most), self.clock() - BACK
        given = await pace.reserve(tx, self.key, count, rate=self.rate, now=now)
        first = now + timedelta(seconds=given.ahead)
        self.places.hold(Places(first, count, given.apart) if given.apart else None)

    async def _stands(self, tx: Tx) -> Standing:
        """How the sender's row stands; without a rate, asked for no more than a few times a second."""
        if self.limits.rate is None and (self.clock() - self._looked).total_seconds() < _FRESH:
            return self._standing
        return await self._look(tx)

    async def _look(self, tx: Tx) -> Standing:
        self._looked = self.clock()
        self._standing = (await pace.standing(tx, [self.key], self._looked))[self.key]
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
            some = left if rate is None else min(left, max(1, int(rate * CLAIM)))
            rooms[domain] = 0 if stands.ahead else some
            if not rooms[domain]:
                opens.append(max(stands.ahead, later) + self._turn(domain, 1 / rate if rate else 1.0))
        self._shut = tuple(domain for domain, room in rooms.items() if not room)
        return Room(count=count, domains=rooms, opens=min(opens[1:], default=0.0))

    def _turn(self, domain: str, interval: float) -> float:
        """Shards that wait for one domain come back one after another, not all at once; one alone loses no time."""
        return interval * (self._waiting[domain] % max(1, int(_SPREAD / interval)))

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
            del self._waiting[domain]
            await pace.reserve(tx, key, counts[domain], rate=limits.rate, now=self.clock())
            await self._spend(tx, key, limits, counts[domain])


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def _halved(rate: float | None, level: int) -> float | None:
    if not level:
        return rate
    return (rate or pace.ASSUMED) / float(2**level)
