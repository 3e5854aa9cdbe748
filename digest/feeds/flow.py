"""Build the feeds that changed, and lay them out as files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from digest.errors import NotFound
from digest.feeds import documents as printed
from digest.feeds.entries import Channel, Entry, authority, channel, entry, last_change, path
from digest.feeds.printable import grown
from digest.feeds.select import belongs, choose
from digest.model.announcements import Announcement
from digest.model.feeds import DocumentHead, FeedDocument
from digest.settings import Feed, Settings
from digest.store import announcements, documents
from digest.store.database import Store, Tx


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
    """All that a feed is made from, read in one view of the store."""

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

    Nothing is rendered or written for a feed that would come out the same. Safe to call anywhere, at any
    time, from many processes at once.
    """
    unknown = sorted(set(only or ()) - set(settings.feeds))
    if unknown:
        raise NotFound("no such feed is configured", about=unknown[0])
    wanted = [feed for slug, feed in settings.feeds.items() if only is None or slug in only]
    return tuple([await _build(store, settings, feed, now) for feed in wanted])


async def export(store: Store, settings: Settings, out: Path) -> tuple[Path, ...]:
    """Write the configured feeds under `out` by their public paths; the files, touched only where they differ.

    Each is replaced in one step and bears the time of its last change.
    """
    files: list[Path] = []
    for slug in settings.feeds:
        async with store.read() as tx:
            found = await documents.of(tx, slug)
        files += [_lay(out, each) for each in found if each.encoding == "identity"]
    return tuple(files)


async def _build(store: Store, settings: Settings, feed: Feed, now: datetime) -> BuiltFeed:
    while True:
        async with store.read() as tx:
            plan = await _plan(tx, settings, feed)
        if plan.is_standing:
            return _built(plan, changed=False)
        rendered = await asyncio.to_thread(
            printed.render, plan.channel, plan.entries, plan.standing, made_from=plan.fingerprint, now=now
        )
        if await _put(store, settings, feed, plan, rendered):
            return _built(plan, changed=True)


async def _put(store: Store, settings: Settings, feed: Feed, plan: _Plan, rendered: tuple[FeedDocument, ...]) -> bool:
    """False when another builder was faster: what this one read may be older than what now stands."""
    async with store.write() as tx:
        host = await documents.lock(tx, authority(settings.site))
        if plan.channel.id != channel(feed, settings.site, host=host).id:
            return False
        if await documents.heads(tx, feed.slug) != plan.standing:
            return False
        await documents.put(tx, rendered)
        return True


async def _plan(tx: Tx, settings: Settings, feed: Feed) -> _Plan:
    host = await documents.host(tx) or authority(settings.site)
    standing = await documents.heads(tx, feed.slug)
    found = await _found(tx, settings, feed)
    chosen = choose(found, feed, site_language=settings.site.language)
    entries = tuple(entry(each, feed, settings.site) for each in chosen)
    made = channel(feed, settings.site, host=host)
    made_from = printed.fingerprint(made, entries)
    before = max((head.updated_at for head in standing), default=None)
    plan = _Plan(channel=made, entries=entries, standing=standing, fingerprint=made_from)
    updated = before if before and plan.is_standing else grown(last_change(found, entries), before)
    return replace(plan, channel=replace(made, updated=updated))


async def _found(tx: Tx, settings: Settings, feed: Feed) -> tuple[Announcement, ...]:
    """The newest that belong to the feed, at least as many as it shows, the retracted among them too."""
    limit, language = feed.entries, settings.site.language
    while True:
        read = await announcements.listed(
            tx, sources=feed.sources or None, limit=limit, language=feed.language or language, retracted=True
        )
        found = tuple(each for each in read if belongs(each, feed, site_language=language))
        if len(read) < limit or sum(each.retracted_at is None for each in found) >= feed.entries:
            return found
        limit *= 4


def _built(plan: _Plan, *, changed: bool) -> BuiltFeed:
    return BuiltFeed(slug=plan.channel.slug, entries=len(plan.entries), changed=changed, updated=plan.channel.updated)


def _lay(out: Path, document: FeedDocument) -> Path:
    file = out / path(document.feed, document.format).lstrip("/")
    if file.is_file() and file.read_bytes() == document.body:
        return file
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, prefix=".", delete=False) as writing:
        writing.write(document.body)
    stamp = document.changed_at.timestamp()
    os.utime(writing.name, (stamp, stamp))
    Path(writing.name).chmod(0o644)
    return Path(writing.name).replace(file)
