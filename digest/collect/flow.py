"""Collect: ask each source, understand what it said, keep it. One source's trouble is its own.

Sources are asked at the same time and kept in the order of the configuration, so that the same visit always mints the
same announcements; one that keeps us waiting is kept when it comes.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.collect.bury import bury
from digest.collect.identify import Known
from digest.collect.illustrate import Easel, illustrate
from digest.collect.keep import Keeper, Kept, keep
from digest.collect.read import Asked, Reading, read_source
from digest.collect.rhythm import next_try, retry, usual_days
from digest.collect.understand import baseline, rank, understand
from digest.errors import CollectError, DigestError, FetchError, NotFound
from digest.fetch import Fetcher
from digest.settings import Settings, Source
from digest.store import items, sources
from digest.store.database import Store
from digest.store.sources import Rhythm, SourceRow

_AT_ONCE = 1_000
"""Items in one transaction: others may write between."""
_IN_FULL_AFTER = timedelta(hours=48)
_ARCHIVE_AFTER = timedelta(days=7)
_WAIT_FOR_ORDER = 15.0
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


async def collect(
    store: Store, settings: Settings, fetcher: Fetcher, *, only: Sequence[str] = (), now: datetime
) -> tuple[SourceReport, ...]:
    """Read the named sources, or all, due or not; a report each, in the order of the configuration.

    Only Retry-After and 410 hold a source back. Raises NotFound for a name that is no source's.
    """
    wanted = _named(settings, only)
    rows = await _declare(store, settings)
    visits = {
        slug: asyncio.create_task(_ask(settings.sources[slug], settings, fetcher, rows[slug], now)) for slug in wanted
    }
    reports: dict[str, SourceReport] = {}
    try:
        if visits:
            await asyncio.wait(visits.values(), timeout=_WAIT_FOR_ORDER)
        while waiting := [slug for slug in wanted if slug not in reports]:
            ready = [slug for slug in waiting if visits[slug].done()]
            for slug in ready:
                reports[slug] = await _settle(
                    visits[slug], settings.sources[slug], settings, store, fetcher, rows[slug], now
                )
            if not ready:
                await asyncio.wait([visits[slug] for slug in waiting], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for visit in visits.values():
            visit.cancel()
        await asyncio.gather(*visits.values(), return_exceptions=True)
    return tuple(reports[slug] for slug in wanted)


async def due(store: Store, settings: Settings, *, now: datetime) -> tuple[str, ...]:
    """The sources whose next check has come, in the order of the configuration."""
    async with store.read() as tx:
        rows = {row.slug: row for row in await sources.listed(tx)}
    return tuple(slug for slug in settings.sources if _is_due(rows.get(slug), now))


def _is_due(row: SourceRow | None, now: datetime) -> bool:
    if row is None or row.next_check_at is None:
        return True
    return not row.gone and row.next_check_at <= now and (row.hold_until is None or row.hold_until <= now)


def _named(settings: Settings, only: Sequence[str]) -> list[str]:
    for slug in only:
        if slug not in settings.sources:
            known = ", ".join(settings.sources) or "none is configured"
            raise NotFound(f"no such source; there are: {known}", about=slug)
    return [slug for slug in settings.sources if not only or slug in only]


async def _declare(store: Store, settings: Settings) -> dict[str, SourceRow]:
    async with store.read() as tx:
        rows = {row.slug: row for row in await sources.listed(tx)}
    declared = settings.sources.items()
    if all(slug in rows and (rows[slug].kind, rows[slug].url) == (each.kind, each.url) for slug, each in declared):
        return rows
    async with store.write() as tx:
        return {
            slug: await sources.ensure(tx, slug, kind=each.kind, url=each.url, was=each.was) for slug, each in declared
        }


async def _ask(source: Source, settings: Settings, fetcher: Fetcher, row: SourceRow, now: datetime) -> Reading:
    _refuse_if_held(row, now)
    stale = row.full_fetch_at is None or now - row.full_fetch_at > _IN_FULL_AFTER
    # Archives are read whole once, and then again now and then: what was changed without a date shows only so.
    archive = row.full_fetch_at is not None and now - row.full_fetch_at <= _ARCHIVE_AFTER
    asked = Asked(
        url=row.validators_url,
        etag="" if stale else row.etag,
        last_modified="" if stale else row.last_modified,
        since=row.last_success_at if row.first_collected_at and archive else None,
    )
    return await read_source(source, settings.site, fetcher, asked, now=now)


def _refuse_if_held(row: SourceRow, now: datetime) -> None:
    if row.gone:
        raise CollectError("gone for good (410); change or remove the source", about=row.url)
    if row.hold_until is not None and row.hold_until > now:
        raise CollectError(f"asked us to stay away until {row.hold_until:%Y-%m-%d %H:%M} UTC", about=row.url)


async def _settle(
    visit: asyncio.Task[Reading],
    source: Source,
    settings: Settings,
    store: Store,
    fetcher: Fetcher,
    row: SourceRow,
    now: datetime,
) -> SourceReport:
    try:
        return await _take(visit.result(), source, settings, store, fetcher, row, now)
    except DigestError as error:
        return await _failed(error, str(error), source, store, row, now)
    except Exception as error:  # a surprise in one source must not cost us the others
        return await _failed(error, f"{type(error).__name__}: {error}", source, store, row, now)


async def _take(
    reading: Reading,
    source: Source,
    settings: Settings,
    store: Store,
    fetcher: Fetcher,
    row: SourceRow,
    now: datetime,
) -> SourceReport:
    known = await asyncio.to_thread(understand, reading, source, settings, now)
    complaints = [*reading.complaints, *(words for each in known for words in each.complaints)]
    easel = Easel(
        own=source.url if source.kind != "folder" else "",
        slug=source.slug,
        source_id=row.id,
        source_folder=reading.folder,
        media_folder=settings.media_folder,
        site_url=settings.site.url,
        now=now,
    )
    known, troubles = await illustrate(known, easel, store, fetcher)
    keeper = _keeper(known, source, settings, row, now)
    kept = await _keep_in_parts(known, keeper, store)
    buried = await bury(reading, known, keeper, store, fetcher, own=easel.own, media=settings.media_folder)
    after = next_try(now, source.every, minutes=reading.minutes, spread=random.uniform(-1, 1))  # noqa: S311
    async with store.write() as tx:
        dates = await items.latest(tx, row.id, _RECENT) if kept.new else ()
        await sources.succeeded(
            tx,
            row.id,
            at=now,
            next_check_at=after,
            validators=(reading.url, reading.etag, reading.last_modified),
            whole=reading.whole and not reading.not_modified,
            rhythm=Rhythm(days=usual_days(dates), last=min(max(dates, default=now), now)) if kept.new else None,
            error="; ".join(reading.errors),
        )
    return SourceReport(
        source=source.slug,
        seen=len(known),
        new=kept.new,
        revised=kept.revised,
        unchanged=kept.unchanged,
        error="; ".join(reading.errors),
        next_try=after,
        warnings=(*dict.fromkeys((*complaints, *troubles, *kept.complaints)),),
        changed=kept.changed or buried,
    )


async def _failed(
    error: Exception, words: str, source: Source, store: Store, row: SourceRow, now: datetime
) -> SourceReport:
    if _is_held(row, now):
        return SourceReport(source=source.slug, error=words, next_try=row.hold_until)
    status = error.status if isinstance(error, FetchError) else None
    wait = error.retry_after if isinstance(error, FetchError) else None
    after = retry(now, source.every, row.failures + 1, spread=random.uniform(-1, 1))  # noqa: S311
    hold = now + timedelta(seconds=wait) if wait is not None and status in (429, 503) else None
    async with store.write() as tx:
        await sources.failed(
            tx,
            row.id,
            at=now,
            error=words,
            next_check_at=max(after, hold) if hold else after,
            hold_until=hold,
            # Once may be a slip of the host's; twice in a row is meant.
            gone=status == 410 and row.last_error.endswith("answered 410"),
        )
    return SourceReport(source=source.slug, error=words, next_try=max(after, hold) if hold else after)


def _is_held(row: SourceRow, now: datetime) -> bool:
    return row.gone or (row.hold_until is not None and row.hold_until > now)


def _keeper(known: Sequence[Known], source: Source, settings: Settings, row: SourceRow, now: datetime) -> Keeper:
    return Keeper(
        source_id=row.id,
        slug=source.slug,
        site_url=settings.site.url,
        digests=tuple(settings.digests),
        rank=rank(settings.sources),
        baseline=baseline(known, source, first=row.first_collected_at is None),
        now=now,
    )


async def _keep_in_parts(known: Sequence[Known], keeper: Keeper, store: Store) -> Kept:
    kept = Kept()
    for start in range(0, len(known), _AT_ONCE):
        async with store.write() as tx:
            kept.add(await keep(tx, known[start : start + _AT_ONCE], keeper))
    return kept
