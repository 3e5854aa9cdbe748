"""Look at a source without keeping anything."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from digest.collect.read import Asked, read_source
from digest.collect.understand import understand
from digest.fetch import Fetcher
from digest.model.announcements import Item
from digest.settings import Settings, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a source would give."""

    items: tuple[Item, ...]
    warnings: tuple[str, ...] = ()


async def tried(source: Source, settings: Settings, fetcher: Fetcher, *, now: datetime) -> Tried:
    """What a source says now, newest first; nothing is stored. Raises CollectError."""
    reading = await read_source(source, settings.site, fetcher, Asked(), now=now)
    known = await asyncio.to_thread(understand, reading, source, settings, now)
    complaints = (*reading.errors, *reading.complaints, *(words for each in known for words in each.complaints))
    return Tried(items=tuple(each.item for each in reversed(known)), warnings=complaints)
