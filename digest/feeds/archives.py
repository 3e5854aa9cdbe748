"""Archive documents (RFC 5005, section 4): what a feed held before, each document with the same entries for good."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

from digest.feeds import documents as printed
from digest.feeds.entries import Channel, Entry, authority, channel, entry
from digest.model.feeds import DocumentHead, FeedDocument
from digest.settings import Feed, Settings
from digest.store import announcements, documents, feed_entries
from digest.store.database import Store, Tx

_AT_ONCE = 16


def declared(words: str) -> tuple[str, ...]:
    """Of what a feed was declared as, all that its archive documents print: not how many entries the newest has."""
    parts = words.split(" ")
    return (*parts[:2], *parts[3:])


async def build(store: Store, settings: Settings, feed: Feed, *, now: datetime) -> int:
    """Print every archive document that is new or was disturbed, the newest first; how many."""
    count = 0
    while True:
        async with store.read() as tx:
            waiting = await feed_entries.stale(tx, feed.slug, _AT_ONCE)
            plans = [await _plan(tx, settings, feed, number, seen) for number, seen in waiting]
        if not plans:
            return count
        rendered = [(plan, await asyncio.to_thread(plan.render, now)) for plan in plans]
        async with store.write() as tx:
            await documents.lock(tx, authority(settings.site))
            for plan, document in rendered:
                if await feed_entries.settle(tx, feed.slug, plan.channel.number, plan.seen):
                    await documents.put(tx, [document])
        count += len(plans)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    channel: Channel
    entries: tuple[Entry, ...]
    standing: DocumentHead | None
    seen: int

    def render(self, now: datetime) -> FeedDocument:
        part = feed_entries.part_of(self.channel.number)
        return printed.archive(self.channel, self.entries, self.standing, part=part, now=now)


async def _plan(tx: Tx, settings: Settings, feed: Feed, number: int, seen: int) -> _Plan:
    host = await documents.host(tx) or authority(settings.site)
    ids = await feed_entries.held(tx, feed.slug, number)
    found = await announcements.many(tx, ids, language=feed.language or settings.site.language)
    standing = await documents.heads(tx, feed.slug, part=feed_entries.part_of(number))
    total = await feed_entries.archives(tx, feed.slug)
    return _Plan(
        channel=replace(channel(feed, settings.site, host=host), archives=min(total, number + 1), number=number),
        entries=tuple(entry(each, feed, settings.site) for each in found),
        standing=next(iter(standing), None),
        seen=seen,
    )
