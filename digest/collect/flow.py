"""Collect: ask each source, understand what it said, keep it. One source's trouble is its own.

Sources are asked at the same time and kept in the order of the configuration, so that the same visit always mints the
same announcements; one that keeps us waiting is kept when it comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from digest.collect.document import read
from digest.collect.read import Reading
from digest.collect.understand import how_to_read
from digest.collect.visit import SourceReport, Visit
from digest.errors import NotFound
from digest.fetch import Fetcher, host_of
from digest.settings import Settings
from digest.store import hosts, sources
from digest.store.database import Store
from digest.store.sources import SourceRow, Unchanged

__all__ = ["SourceReport", "collect", "due", "take"]

_WAIT_FOR_ORDER = 15.0
_AT_ONCE = 500
"""Visits under way: the others wait outside."""


async def collect(
    store: Store, settings: Settings, fetcher: Fetcher, *, only: Sequence[str] = (), now: datetime
) -> tuple[SourceReport, ...]:
    """Read the named sources, or all, due or not; a report each, in the order of the configuration.

    Only Retry-After and 410 hold a source back; a hook comes by itself and is never asked. Raises NotFound for a name
    that is no source's.
    """
    wanted = _named(settings, only)
    rows = await _declare(store, settings)
    async with store.read() as tx:
        held = await hosts.held(tx, now)
    fetcher.avoid(held)
    reports: list[SourceReport] = []
    idle: list[Unchanged] = []
    try:
        for start in range(0, len(wanted), _AT_ONCE):
            visits = [
                Visit(
                    source=settings.sources[slug],
                    settings=settings,
                    store=store,
                    fetcher=fetcher,
                    row=rows[slug],
                    held_until=held.get(host_of(settings.sources[slug].url)),
                    now=now,
                    idle=idle,
                )
                for slug in wanted[start : start + _AT_ONCE]
            ]
            reports += await _together(visits)
    finally:
        await _note(store, idle, fetcher.asked_away, now)
    return tuple(reports)


async def take(
    store: Store, settings: Settings, fetcher: Fetcher, slug: str, body: bytes, *, now: datetime
) -> SourceReport:
    """Keep what a source brought by itself; raises ParseError when it cannot be read."""
    source = settings.sources[slug]
    how = how_to_read(source, settings, now)
    document = await read(how, body, url=source.url)
    rows = await _declare(store, settings)
    visit = Visit(
        source=source,
        settings=settings,
        store=store,
        fetcher=fetcher,
        row=rows[slug],
        held_until=None,
        now=now,
        given=Reading(items=document.items, deleted=document.deleted, url=source.url),
        idle=[],
    )
    visit.go.set()
    return await visit.run()


async def _together(visits: Sequence[Visit]) -> list[SourceReport]:
    tasks = [asyncio.create_task(visit.run()) for visit in visits]
    patient_until = asyncio.get_running_loop().time() + _WAIT_FOR_ORDER
    try:
        for visit in visits:
            try:
                async with asyncio.timeout_at(patient_until):
                    await visit.ready.wait()
            except TimeoutError:
                visit.go.set()
                continue
            visit.go.set()
            await visit.begun.wait()
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _note(store: Store, idle: Sequence[Unchanged], away: Mapping[str, float], now: datetime) -> None:
    if idle or away:
        async with store.write() as tx:
            await sources.unchanged(tx, idle)
            await hosts.hold(tx, {host: now + timedelta(seconds=wait) for host, wait in away.items()}, now=now)


async def due(store: Store, settings: Settings, *, now: datetime) -> tuple[str, ...]:
    """The sources whose next check has come, in the order of the configuration."""
    async with store.read() as tx:
        rows = {row.slug: row for row in await sources.listed(tx)}
        held = await hosts.held(tx, now)
    return tuple(
        slug
        for slug, source in settings.sources.items()
        if source.kind != "hook" and _is_due(rows.get(slug), now) and host_of(source.url) not in held
    )


def _is_due(row: SourceRow | None, now: datetime) -> bool:
    if row is None or row.next_check_at is None:
        return True
    return not row.gone and row.next_check_at <= now and (row.hold_until is None or row.hold_until <= now)


def _named(settings: Settings, only: Sequence[str]) -> list[str]:
    for slug in only:
        if slug not in settings.sources:
            known = ", ".join(settings.sources) or "none is configured"
            raise NotFound(f"no such source; there are: {known}", about=slug)
    asked = [slug for slug, source in settings.sources.items() if source.kind != "hook"]
    return [slug for slug in asked if not only or slug in only]


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
