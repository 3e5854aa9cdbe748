"""One visit to one source: ask, keep what it says part by part, and note how it went."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from digest.collect import memory
from digest.collect.bury import Seen, bury
from digest.collect.document import How
from digest.collect.illustrate import MOST, Easel, illustrate
from digest.collect.keep import Keeper, Kept, keep
from digest.collect.moving import moved
from digest.collect.read import Reading, read_source
from digest.collect.rhythm import next_try, retry, usual_days
from digest.collect.understand import holds_back, how_to_read, rank, understand
from digest.errors import CollectError, DigestError, FetchError
from digest.fetch import Fetcher
from digest.settings import Settings, Source
from digest.store import items, sources
from digest.store.database import Store
from digest.store.sources import Move, Rhythm, SourceRow, Unchanged

AT_ONCE = 1_000
"""Items in one transaction: others may write between."""
LONGEST = 3600.0
"""Seconds for a whole visit, archives of many pages included; what was read by then is kept."""
_RECENT = 20
"""Items that tell how often a source usually says something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """What became of one visit; `changed` says that feeds may look different now."""

    source: str
    seen: int = 0
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    error: str = ""
    next_try: datetime | None = None
    warnings: tuple[str, ...] = ()
    changed: bool = False


@dataclass(slots=True, kw_only=True)
class Visit:
    """A visit under way. `ready` once there is something to keep, which waits for `go`; `begun` once that is kept."""

    source: Source
    settings: Settings
    store: Store
    fetcher: Fetcher
    row: SourceRow
    held_until: datetime | None
    """Its host asked us, or whoever, to stay away until then."""
    now: datetime
    given: Reading | None = None
    """What the source brought by itself, so that it need not be asked."""
    idle: list[Unchanged]
    """Where visits that found nothing new are noted, to be written together."""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    _kept: Kept = field(default_factory=Kept)
    _seen: Seen = field(default_factory=Seen)
    _read_how: How | None = None
    _count: int = 0
    _announce: int | None = None
    _pictures: int = MOST

    async def run(self) -> SourceReport:
        """Make the visit; whatever happens becomes a report."""
        try:
            return await self._run()
        except DigestError as error:
            return await self._failed(error, str(error))
        except Exception as error:  # a surprise in one source must not cost us the others
            return await self._failed(error, f"{type(error).__name__}: {error}")
        finally:
            self.ready.set()
            self.begun.set()

    async def _run(self) -> SourceReport:
        self._refuse_if_held()
        if self.source.announce_first != "all" and self.given is None:
            self._announce = int(self.source.announce_first)
        reading, complaints = Reading(), []
        try:
            async with asyncio.timeout(LONGEST):
                async for reading in self._parts():
                    self.ready.set()
                    await self.go.wait()
                    if self._is_idle(reading):
                        return self._nothing_new(reading)
                    complaints += await self._take(reading)
                    self.begun.set()
        except TimeoutError as error:
            raise CollectError(f"took longer than {LONGEST / 60:g} min", about=self.source.url) from error
        return await self._done(reading, complaints)

    @property
    def _how(self) -> How:
        if self._read_how is None:
            self._read_how = how_to_read(self.source, self.settings, self.now)
        return self._read_how

    def _parts(self) -> AsyncIterator[Reading]:
        if self.given is not None:
            return _only(self.given)
        asked = memory.asked(self.row, self._how, self.now, newest_first=bool(self._announce))
        return read_source(self.source, self.settings.site, self.fetcher, asked)

    def _refuse_if_held(self) -> None:
        if self.row.gone:
            raise CollectError("gone for good (410); change or remove the source", about=self.row.url)
        if (until := self._held()) is not None:
            raise CollectError(f"asked us to stay away until {until:%Y-%m-%d %H:%M} UTC", about=self.row.url)

    def _held(self) -> datetime | None:
        return memory.held(self.row, self.held_until, self.now)

    async def _take(self, reading: Reading) -> list[str]:
        """Keep a part; what an operator should know of it."""
        known = await asyncio.to_thread(understand, reading.items, self.source, self.now)
        complaints = [words for each in known for words in each.complaints]
        known, troubles, asked = await illustrate(known, self._easel(reading), self.store, self.fetcher)
        self._pictures -= asked
        reads_on = memory.reads_on(self.row, self._how, reading)
        older = memory.older(known, self.row, announce=self._announce, reads_on=reads_on)
        if self._announce is not None:
            self._announce = max(0, self._announce - (len(known) - len(older)))
        for start in range(0, len(known), AT_ONCE):
            async with self.store.write() as tx:
                self._kept.add(await keep(tx, known[start : start + AT_ONCE], self._keeper(older)))
        self._kept.again = self._kept.again or holds_back(reading.items, self.source, self.now)
        self._count += len(known)
        self._seen.add(known)
        return [*complaints, *troubles]

    async def _done(self, reading: Reading, complaints: list[str]) -> SourceReport:
        keeper, kept, error = self._keeper(frozenset()), self._kept, "; ".join(reading.errors)
        own = "" if self.source.kind == "folder" else self.source.url
        media = self.settings.media_folder
        buried = await bury(reading, self._seen, keeper, self.store, self.fetcher, own=own, media=media)
        after = self._next(reading)
        async with self.store.write() as tx:
            dates = await items.latest(tx, self.row.id, _RECENT) if kept.new else ()
            last = min(max(dates, default=self.now), self.now)
            await sources.succeeded(
                tx,
                self.row.id,
                at=self.now,
                next_check_at=after,
                validators=memory.validators(reading, self._how, again=kept.again),
                whole=reading.whole and not reading.not_modified,
                move=self._move(reading),
                rhythm=Rhythm(days=usual_days(dates), last=last) if kept.new else None,
                error=error,
            )
        return SourceReport(
            source=self.source.slug,
            seen=self._count,
            new=kept.new,
            revised=kept.revised,
            unchanged=kept.unchanged,
            error=error,
            next_try=after,
            warnings=(*dict.fromkeys((*reading.complaints, *complaints, *kept.complaints)),),
            changed=kept.changed or buried,
        )

    def _is_idle(self, reading: Reading) -> bool:
        """Whether nothing is to be noted but that we were there."""
        return reading.not_modified and not self.row.failures and self._move(reading) == memory.move(self.row)

    def _nothing_new(self, reading: Reading) -> SourceReport:
        after = self._next(reading)
        now_valid = memory.validators(reading, self._how)
        self.idle.append(Unchanged(source_id=self.row.id, at=self.now, next_check_at=after, validators=now_valid))
        return SourceReport(source=self.source.slug, seen=reading.count, unchanged=reading.count, next_try=after)

    def _next(self, reading: Reading) -> datetime:
        return next_try(self.now, self.source.every, minutes=reading.minutes, spread=random.uniform(-1, 1))  # noqa: S311

    def _move(self, reading: Reading) -> Move:
        return moved(memory.move(self.row), reading.moved_to, self.now.date())

    async def _failed(self, error: Exception, words: str) -> SourceReport:
        row = self.row
        if row.gone or self._held() is not None:
            return SourceReport(source=self.source.slug, error=words, next_try=self._held())
        status = error.status if isinstance(error, FetchError) else None
        wait = error.retry_after if isinstance(error, FetchError) else None
        after = retry(self.now, self.source.every, row.failures + 1, spread=random.uniform(-1, 1))  # noqa: S311
        hold = self.now + timedelta(seconds=wait) if wait is not None and status in (429, 503) else None
        after = max(after, hold) if hold else after
        async with self.store.write() as tx:
            await sources.failed(
                tx,
                row.id,
                at=self.now,
                error=words,
                next_check_at=after,
                hold_until=hold,
                # Once may be a slip of the host's; twice in a row is meant.
                gone=status == 410 and row.last_error.endswith("answered 410"),
            )
        kept = self._kept
        return SourceReport(
            source=self.source.slug,
            seen=self._count,
            new=kept.new,
            revised=kept.revised,
            error=words,
            next_try=after,
            changed=kept.changed,
        )

    def _easel(self, reading: Reading) -> Easel:
        return Easel(
            own="" if self.source.kind == "folder" else self.source.url,
            slug=self.source.slug,
            source_id=self.row.id,
            source_folder=reading.folder,
            media_folder=self.settings.media_folder,
            site_url=self.settings.site.url,
            now=self.now,
            most=self._pictures,
        )

    def _keeper(self, older: frozenset[str]) -> Keeper:
        return Keeper(
            source_id=self.row.id,
            slug=self.source.slug,
            site_url=self.settings.site.url,
            digests=tuple(self.settings.digests),
            rank=rank(self.settings.sources),
            baseline=older,
            now=self.now,
        )


async def _only(reading: Reading) -> AsyncIterator[Reading]:
    yield reading
