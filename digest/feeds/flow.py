"""Build the feeds that changed, and lay them out as files."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from digest.errors import NotFound
from digest.feeds import archives, members
from digest.feeds import documents as printed
from digest.feeds.entries import Channel, Entry, authority, channel, entry
from digest.feeds.printable import grown, instant
from digest.feeds.select import choose
from digest.model.feeds import DocumentHead, FeedDocument
from digest.settings import Feed, Settings
from digest.store import announcements, documents, feed_entries, minting
from digest.store.database import Store, Tx
from digest.store.feed_entries import Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltFeed:
    """What building a feed came to."""

    slug: str
    entries: int
    changed: bool
    updated: datetime
    """What the feed says of itself; moves only when it changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """All that a feed's documents are made from, read in one view of the store."""

    mark: Mark
    channel: Channel
    entries: tuple[Entry, ...]
    standing: tuple[DocumentHead, ...]
    fingerprint: str

    @property
    def is_standing(self) -> bool:
        """Whether every document there should be was made from just this."""
        made_from = [head.fingerprint for head in self.standing]
        return made_from == [self.fingerprint] * printed.COUNT


async def build(
    store: Store, settings: Settings, *, now: datetime, only: Collection[str] | None = None
) -> tuple[BuiltFeed, ...]:
    """Bring every configured feed, or those named, up to what the store holds.

    What a feed costs depends on what changed, not on how much it holds. Nothing is rendered or written for one
    that would come out the same. Safe to call anywhere, at any time, from many processes at once.
    """
    unknown = sorted(set(only or ()) - set(settings.feeds))
    if unknown:
        raise NotFound("no such feed is configured", about=unknown[0])
    wanted = [feed for slug, feed in settings.feeds.items() if only is None or slug in only]
    return tuple([await _build(store, settings, feed, now) for feed in wanted])


async def _build(store: Store, settings: Settings, feed: Feed, now: datetime) -> BuiltFeed:
    if (untouched := await _untouched(store, settings, feed)) is not None:
        return untouched
    await members.gather(store, settings, feed)
    built = await _build_current(store, settings, feed, now)
    rebuilt = await archives.build(store, settings, feed, now=now)
    return replace(built, changed=built.changed or rebuilt > 0)


async def _untouched(store: Store, settings: Settings, feed: Feed) -> BuiltFeed | None:
    """The feed as it stands, when nothing at all has changed since it was built."""
    async with store.read() as tx:
        mark = await feed_entries.mark(tx, feed.slug)
        if mark is None or not mark.changed == mark.built == await minting.last_change(tx):
            return None
        if (mark.selection, mark.print) != (members.selection(feed, settings.site), _declared(settings, feed)):
            return None
        if await feed_entries.stale(tx, feed.slug, 1):
            return None
        heads = await documents.heads(tx, feed.slug)
    if len(heads) != printed.COUNT:
        return None
    updated = max(head.updated_at for head in heads)
    return BuiltFeed(slug=feed.slug, entries=mark.entries, changed=False, updated=updated)


async def _build_current(store: Store, settings: Settings, feed: Feed, now: datetime) -> BuiltFeed:
    while True:
        async with store.read() as tx:
            plan = await _plan(tx, settings, feed)
        rendered: tuple[FeedDocument, ...] = ()
        if not plan.is_standing:
            rendered = await asyncio.to_thread(
                printed.render, plan.channel, plan.entries, plan.standing, made_from=plan.fingerprint, now=now
            )
        if await _put(store, settings, feed, plan, rendered):
            return BuiltFeed(
                slug=feed.slug, entries=len(plan.entries), changed=bool(rendered), updated=plan.channel.updated
            )


async def _put(store: Store, settings: Settings, feed: Feed, plan: _Plan, rendered: tuple[FeedDocument, ...]) -> bool:
    """False when another builder was faster: what this one read may be older than what now stands."""
    async with store.write() as tx:
        host = await documents.lock(tx, authority(settings.site))
        if plan.channel.id != channel(feed, settings.site, host=host).id:
            return False
        if await feed_entries.mark(tx, feed.slug) != plan.mark:
            return False
        await documents.put(tx, rendered)
        declared = _declared(settings, feed)
        if archives.declared(declared) != archives.declared(plan.mark.print):
            await feed_entries.disturb(tx, feed.slug)
        new = replace(plan.mark, built=plan.mark.changed, entries=len(plan.entries), print=declared)
        await feed_entries.put_mark(tx, new)
        return True


async def _plan(tx: Tx, settings: Settings, feed: Feed) -> _Plan:
    host = await documents.host(tx) or authority(settings.site)
    standing = await documents.heads(tx, feed.slug)
    mark = await feed_entries.mark(tx, feed.slug)
    assert mark is not None  # noqa: S101 - gathered just before
    language = settings.site.language
    ids = await members.current(tx, feed)
    found = await announcements.many(tx, ids, language=feed.language or language)
    entries = tuple(entry(each, feed, settings.site) for each in choose(found, feed, site_language=language))
    made = channel(feed, settings.site, host=host)
    made = replace(made, archives=await feed_entries.archives(tx, feed.slug))
    made_from = printed.fingerprint(made, entries)
    before = max((head.updated_at for head in standing), default=None)
    plan = _Plan(mark=mark, channel=made, entries=entries, standing=standing, fingerprint=made_from)
    newest = max([instant(mark.changed_at), *(each.updated for each in entries)])
    updated = before if before and plan.is_standing else grown(newest, before)
    return replace(plan, channel=replace(made, updated=updated))


def _declared(settings: Settings, feed: Feed) -> str:
    """All that is declared and printed in a feed's documents."""
    made = channel(feed, settings.site, host="")
    return printed.fingerprint(made, ()) + f" {feed.text} {feed.entries} {settings.site.language}"
