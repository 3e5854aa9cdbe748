"""What belongs to a feed, kept up change by change: publishing one announcement costs the same in any archive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from digest.feeds.entries import EPOCH, authority
from digest.feeds.select import belongs
from digest.model import codec
from digest.model.announcements import Announcement
from digest.settings import Feed, Settings, Site
from digest.store import announcements, documents, feed_entries, minting
from digest.store.database import Store, Tx
from digest.store.feed_entries import Mark, Member

_AT_ONCE = 500
_LARGEST = 100
"""Entries in an archive document, where enough are there at once."""


def selection(feed: Feed, site: Site) -> str:
    """All that decides what belongs to the feed."""
    return codec.dumps([feed.sources, feed.categories, feed.language, site.language])


async def gather(store: Store, settings: Settings, feed: Feed) -> None:
    """Take in whatever changed since the feed last looked, then shut what has become too much for one document.

    Archive documents are only filled here; `archives.build` prints them.
    """
    done = False
    while not done:
        async with store.write() as tx:
            await documents.lock(tx, authority(settings.site))
            mark = await _mark(tx, settings, feed)
            done = await _look(tx, settings, feed, mark)
            if done:
                await _shut(tx, feed)


async def current(tx: Tx, feed: Feed) -> tuple[int, ...]:
    """What the current document shows: all that no archive document holds, and the newest up to `entries`.

    So readers who poll only this one miss nothing that arrives late with an old date.
    """
    loose = await feed_entries.loose(tx, feed.slug)
    newest = await feed_entries.newest(tx, feed.slug, feed.entries)
    room = feed.entries - len(loose)
    filled = [each for each in newest if each not in set(loose)][: max(0, room)]
    return (*loose, *filled)


async def _mark(tx: Tx, settings: Settings, feed: Feed) -> Mark:
    mark = await feed_entries.mark(tx, feed.slug)
    wanted = selection(feed, settings.site)
    if mark is not None and mark.selection == wanted:
        return mark
    await feed_entries.clear(tx, feed.slug)
    return Mark(feed=feed.slug, selection=wanted, changed_at=EPOCH)


async def _look(tx: Tx, settings: Settings, feed: Feed, mark: Mark) -> bool:
    """Take in some of what changed; whether that was all."""
    after = (mark.changed + 1, -1)
    upto = await minting.last_change(tx)
    changed_at = mark.changed_at
    while found := await announcements.changes(tx, after, limit=_AT_ONCE):
        language = feed.language or settings.site.language
        ids = [row for _, row in found]
        read = await announcements.many(tx, ids, language=language, retracted=True)
        changed_at = max([changed_at, *await _sort(tx, settings, feed, ids, read)])
        after = found[-1]
        if len(found) == _AT_ONCE and after[0] > mark.changed + 1:
            # Others may write between; what shares the last number is looked at again.
            await feed_entries.put_mark(tx, replace(mark, changed=after[0] - 1, changed_at=changed_at))
            return False
    await feed_entries.put_mark(tx, replace(mark, changed=upto, changed_at=changed_at))
    return True


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
    await feed_entries.take(tx, feed.slug, members)
    return [each.updated_at for each in there.values() if each.id in mine or each.id in known]


async def _shut(tx: Tx, feed: Feed) -> None:
    """Put the oldest into archive documents until the rest fits into the current one."""
    loose = list(await feed_entries.loose(tx, feed.slug))
    number = await feed_entries.archives(tx, feed.slug)
    if len(loose) > feed.entries and number:
        await feed_entries.disturb(tx, feed.slug, [number])  # it gets a link to the next
    while len(loose) > feed.entries:
        size = _LARGEST if len(loose) - _LARGEST >= feed.entries else min(feed.entries, _LARGEST)
        number += 1
        await feed_entries.shut(tx, feed.slug, number, loose[:size])
        del loose[:size]
