"""What belongs to a feed, kept up change by change: publishing one announcement costs the same in any archive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from digest.feeds.entries import EPOCH
from digest.feeds.select import belongs
from digest.model import codec
from digest.model.announcements import Announcement
from digest.settings import Feed, Settings, Site
from digest.store import announcements, feed_entries
from digest.store.database import Tx
from digest.store.feed_entries import Mark, Member

_AT_ONCE = 500
_LARGEST = 100
"""Entries in an archive document, where enough are there at once."""


def selection(feed: Feed, site: Site) -> str:
    """All that decides what belongs to the feed."""
    return codec.dumps([feed.sources, feed.categories, feed.language, site.language])


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A feed that has taken in all that changed."""

    mark: Mark
    quiet: bool
    """Nothing of that belongs or belonged to it."""
    loose: tuple[int, ...]
    """What no archive document holds."""
    archives: int


class Changes:
    """What changed in the store up to `upto`, read once for all the feeds that look at it in one go."""

    def __init__(self, upto: int) -> None:
        self.upto = upto
        self._read: dict[tuple[object, ...], tuple[Sequence[tuple[int, int]], Sequence[Announcement]]] = {}

    async def after(
        self, tx: Tx, pair: tuple[int, int], *, language: str
    ) -> tuple[Sequence[tuple[int, int]], Sequence[Announcement]]:
        """Some of what changed after a pair of (change, row id), and what it is now."""
        key = (pair, language)
        if key not in self._read:
            found = await announcements.changes(tx, pair, limit=_AT_ONCE)
            ids = [row for _, row in found]
            self._read = {key: (found, await announcements.many(tx, ids, language=language, retracted=True))}
        return self._read[key]


async def look(
    tx: Tx, settings: Settings, feed: Feed, mark: Mark | None, changes: Changes, *, whole: bool
) -> Looked | None:
    """Take in what changed since the feed last looked, then shut what has become too much for one document.

    None when there is more than fits one transaction: look again; else the mark is the caller's to put. Archive
    documents are only filled here; `archives.build` prints them. `whole` says that all documents stand as the feed
    is declared, so that a quiet feed need not be looked at further.
    """
    mark = await _begun(tx, settings, feed, mark)
    new, done = await _take_in(tx, settings, feed, mark, changes)
    if not done:
        await feed_entries.put_marks(tx, new)
        return None
    quiet = mark.changed >= 0 and mark.built == mark.changed and new.touched == mark.touched
    if quiet and whole:
        return Looked(mark=new, quiet=True, loose=(), archives=0)
    loose = await feed_entries.loose(tx, feed.slug)
    count = await feed_entries.archives(tx, feed.slug)
    if len(loose) > feed.entries:
        loose, count = await _shut(tx, feed, loose, count)
        quiet = False
    return Looked(mark=new, quiet=quiet, loose=loose, archives=count)


async def current(tx: Tx, feed: Feed, loose: Sequence[int]) -> tuple[int, ...]:
    """What the current document shows: all that no archive document holds, and the newest up to `entries`.

    So readers who poll only this one miss nothing that arrives late with an old date.
    """
    newest = await feed_entries.newest(tx, feed.slug, feed.entries)
    held = set(loose)
    filled = [each for each in newest if each not in held][: max(0, feed.entries - len(loose))]
    return (*loose, *filled)


async def _begun(tx: Tx, settings: Settings, feed: Feed, mark: Mark | None) -> Mark:
    """Where the feed stands: at the beginning, if it was declared as something else or not at all."""
    wanted = selection(feed, settings.site)
    if mark is not None and mark.selection == wanted:
        return mark
    await feed_entries.clear(tx, feed.slug)
    return Mark(feed=feed.slug, selection=wanted, changed_at=EPOCH)


async def _take_in(tx: Tx, settings: Settings, feed: Feed, mark: Mark, changes: Changes) -> tuple[Mark, bool]:
    """Take in some of what changed; where the feed stands then, and whether that was all."""
    after = (mark.changed + 1, -1)
    moved: list[datetime] = []
    while True:
        found, read = await changes.after(tx, after, language=feed.language or settings.site.language)
        if not found:
            break
        moved += await _sort(tx, settings, feed, [row for _, row in found], read)
        after = found[-1]
        if len(found) < _AT_ONCE:
            break
        if after[0] > mark.changed + 1:
            # Others may write between; what shares the last number is looked at again.
            return _moved(mark, after[0] - 1, moved), False
    return _moved(mark, changes.upto, moved), True


def _moved(mark: Mark, changed: int, changes: Sequence[datetime]) -> Mark:
    newest = max([mark.changed_at, *changes])
    return replace(mark, changed=changed, changed_at=newest, touched=mark.touched + len(changes))


async def _sort(
    tx: Tx, settings: Settings, feed: Feed, ids: Sequence[int], read: Iterable[Announcement]
) -> list[datetime]:
    """Let in, let go or print anew; when what belongs or belonged changed."""
    there = {each.id: each for each in read}
    known = await feed_entries.among(tx, feed.slug, ids)
    fits = [
        each
        for each in there.values()
        if each.retracted_at is None and belongs(each, feed, site_language=settings.site.language)
    ]
    mine = {each.id for each in fits}
    gone = [row for row in known if row not in there or there[row].retracted_at is not None]
    await feed_entries.disturb(tx, feed.slug, [number for number in known.values() if number is not None])
    await feed_entries.remove(tx, feed.slug, gone)
    await feed_entries.leave(tx, feed.slug, [row for row in known if row not in mine and row not in gone])
    members = [Member(announcement_id=each.id, effective_at=each.effective_at, seq=each.seq) for each in fits]
    await feed_entries.take(tx, feed.slug, [each for each in members if each.announcement_id not in known])
    await feed_entries.come_back(tx, feed.slug, mine & known.keys())
    return [each.updated_at for each in there.values() if each.id in mine or each.id in known]


async def _shut(tx: Tx, feed: Feed, loose: tuple[int, ...], count: int) -> tuple[tuple[int, ...], int]:
    """Put the oldest into archive documents until the rest fits into the current one; that rest, and how many are."""
    if count:
        await feed_entries.disturb(tx, feed.slug, [count])  # it gets a link to the next
    while len(loose) > feed.entries:
        size = _LARGEST if len(loose) - _LARGEST >= feed.entries else min(feed.entries, _LARGEST)
        count += 1
        await feed_entries.shut(tx, feed.slug, count, loose[:size])
        loose = loose[size:]
    return loose, count
