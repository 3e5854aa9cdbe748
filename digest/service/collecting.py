"""Reading the sources, and building the feeds when something changed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta

from digest import __version__
from digest.collect import flow
from digest.collect.flow import SourceReport
from digest.fetch import Fetcher
from digest.service import publishing, watching
from digest.service.house import House, now
from digest.store import sources

BEFORE_COMPOSING = 60.0
"""Seconds that composing waits for the sources it depends on."""
FRESH = timedelta(seconds=60)


def fetcher(house: House) -> Fetcher:
    """A polite client under this configuration."""
    fetch, site = house.settings.fetch, house.settings.site
    agent = f"Digest/{__version__} (+{site.url}/)"
    return Fetcher(allow_private=fetch.allow_private, gap=fetch.gap, user_agent=agent)


async def collect(house: House, only: Sequence[str]) -> tuple[SourceReport, ...]:
    """Read the named sources, or all, now; build the feeds when something changed."""
    async with fetcher(house) as client:
        reports = await flow.collect(house.store, house.settings, client, only=only, now=now())
    if any(report.changed for report in reports):
        await publishing.build(house)
    await watching.watch(house)
    return reports


async def collect_due(house: House) -> tuple[SourceReport, ...]:
    """Read the sources whose time has come."""
    due = await flow.due(house.store, house.settings, now=now())
    return await collect(house, due) if due else ()


async def refresh(house: House, *, fresh: timedelta = FRESH) -> None:
    """Before an edition is composed: read what was not read lately, within `fresh`, for a minute at most."""
    async with house.store.read() as tx:
        rows = {row.slug: row for row in await sources.listed(tx)}
    stale = [
        slug
        for slug in house.settings.sources
        if slug not in rows or (read := rows[slug].last_success_at) is None or now() - read > fresh
    ]
    if stale:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BEFORE_COMPOSING):
                await collect(house, stale)


def error_words(report: SourceReport) -> str:
    """The error, and when we try again."""
    again = f" (next try {report.next_try:%Y-%m-%d %H:%M} UTC)" if report.error and report.next_try else ""
    return report.error + again


def as_json(report: SourceReport) -> dict[str, object]:
    return {
        "source": report.source,
        "seen": report.seen,
        "new": report.new,
        "revised": report.revised,
        "unchanged": report.unchanged,
        "error": report.error or None,
        "next_try": report.next_try,
        "warnings": list(report.warnings),
    }
