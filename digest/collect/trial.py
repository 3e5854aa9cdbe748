"""Look at a source without keeping anything."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from digest.collect.identify import Known
from digest.collect.read import Asked, read_source
from digest.collect.understand import how_to_read, understand
from digest.fetch import Fetcher
from digest.model.announcements import Item
from digest.settings import Settings, Source

ENOUGH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a source would give."""

    items: tuple[Item, ...]
    warnings: tuple[str, ...] = ()


async def tried(source: Source, settings: Settings, fetcher: Fetcher, *, now: datetime) -> Tried:
    """What a source says now, newest first, of an archive the beginning; nothing is stored. Raises CollectError."""
    asked = Asked(how=how_to_read(source, settings, now))
    found: list[Known] = []
    complaints: list[str] = []
    async for reading in read_source(source, settings.site, fetcher, asked):
        found += reading.items
        complaints += (*reading.errors, *reading.complaints)
        if len(found) >= ENOUGH:
            break
    known = await asyncio.to_thread(understand, found, source, now)
    complaints += (words for each in known for words in each.complaints)
    return Tried(items=tuple(each.item for each in reversed(known)), warnings=tuple(complaints))
