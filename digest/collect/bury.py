"""What a source no longer has: tombstones, so that nothing deleted is shown, and nothing that returns is new.

Missing from a document is no deletion: a feed is a window. Only a tombstone in the feed (RFC 6721) counts at once, and
a clear 404 or 410 for the item itself, twice and an hour apart, while the list can be read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from digest.collect.identify import Known
from digest.collect.keep import Keeper, choose_again
from digest.collect.read import Reading, is_gone
from digest.fetch import Fetcher
from digest.store import items, media, minting, retracting, vanishing
from digest.store.database import Store, Tx

SURE_AFTER = timedelta(hours=1)
MOST = 5
"""Items asked for by number in one visit."""


@dataclass(slots=True)
class Seen:
    """What a visit met, part after part: every name, and every date."""

    names: set[str] = field(default_factory=set)
    dates: list[datetime] = field(default_factory=list)

    def add(self, known: Iterable[Known]) -> None:
        for each in known:
            self.names.update(each.item.aliases)
            if each.item.published_at is not None:
                self.dates.append(each.item.published_at)


async def bury(
    reading: Reading, seen: Seen, keeper: Keeper, store: Store, fetcher: Fetcher, *, own: str, media: Path
) -> bool:
    """Take out what the source says is gone; whether anything was."""
    lost, back, first = await _asked(reading, seen, keeper, store, fetcher, own=own)
    if not (lost or back or first or reading.deleted):
        return False
    async with store.write() as tx:
        stored = await items.by_alias(tx, keeper.source_id, reading.deleted)
        await vanishing.missing(tx, back, None)
        await vanishing.missing(tx, first, keeper.now)
        gone, files = await _bury(tx, {*lost, *(stored[name].id for name in reading.deleted if name in stored)}, keeper)
    for name in files:
        (media / name).unlink(missing_ok=True)
    return gone


async def _asked(
    reading: Reading, seen: Seen, keeper: Keeper, store: Store, fetcher: Fetcher, *, own: str
) -> tuple[list[int], list[int], list[int]]:
    """Items that are gone for sure, those that are there after all, and those missed for the first time."""
    dates = seen.dates
    if not reading.lookup or not dates:
        return [], [], []
    # An incremental reading holds a newest page and whatever was modified: only the page is a window without holes.
    since = min(dates) if reading.whole else sorted(dates, reverse=True)[: min(100, len(dates))][-1]
    async with store.read() as tx:
        absent = await vanishing.absent(tx, keeper.source_id, since=since, seen=seen.names, limit=MOST)
    lost, back, first = [], [], []
    for row, number, missing_at in absent:
        gone = await is_gone(reading.lookup, number, fetcher, own=own)
        if gone is False and missing_at is not None:
            back.append(row)
        elif gone and missing_at is None:
            first.append(row)
        elif gone and missing_at is not None and keeper.now - missing_at >= SURE_AFTER:
            lost.append(row)
    return lost, back, first


async def _bury(tx: Tx, rows: Collection[int], keeper: Keeper) -> tuple[bool, tuple[str, ...]]:
    files: tuple[str, ...] = ()
    touched = await vanishing.bury(tx, rows, keeper.now)
    left = await minting.contenders(tx, touched)
    for announcement in touched:
        if announcement not in left:
            await retracting.retract(tx, announcement, why="deleted at its source", at=keeper.now)
            files += await media.withdraw(tx, announcement)
    await choose_again(tx, list(left), keeper)
    return bool(touched), files
