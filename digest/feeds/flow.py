"""Build the feeds that changed, and lay them out as files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from digest.feeds import archives, members
from digest.feeds import documents as printed
from digest.feeds.entries import Channel, Entry, authority, channel, entry
from digest.feeds.printable import grown, instant
from digest.feeds.select import choose
from digest.model.feeds import DocumentHead
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
    """All that a feed's documents are made from, and those that stand."""

    channel: Channel
    entries: tuple[Entry, ...]
    standing: tuple[DocumentHead, ...]
    fingerprint: str

    @property
    def is_standing(self) -> bool:
        """Whether every document there should be was made from just this."""
        made_from = [head.fingerprint for head in self.standing]
        return made_from == [self.fingerprint] * printed.COUNT


async def build(store: Store, settings: Settings, *, now: datetime) -> tuple[BuiltFeed, ...]:
    """Bring every configured feed up to what the store holds.

    What a feed costs depends on what changed, not on how much it holds. Nothing is rendered or written for one
    that would come out the same. Safe to call anywhere, at any time, from many processes at once.
    """
    wanted = tuple(settings.feeds.values())
    async with store.read() as tx:
        built = await _untouched(tx, settings, wanted)
    while touched := [feed for feed in wanted if feed.slug not in built]:
        built |= await _build_some(store, settings, touched, now)
    async with store.read() as tx:
        waiting = await feed_entries.unsettled(tx)
    for feed in wanted:
        if feed.slug in waiting and await archives.build(store, settings, feed, now=now):
            built[feed.slug] = replace(built[feed.slug], changed=True)
    return tuple(built[feed.slug] for feed in wanted)


async def _untouched(tx: Tx, settings: Settings, wanted: Sequence[Feed]) -> dict[str, BuiltFeed]:
    """The feeds as they stand that nothing at all has happened to since they were built."""
    marks, last = await feed_entries.marks(tx), await minting.last_change(tx)
    heads = await documents.heads(tx, *(feed.slug for feed in wanted))
    built = {}
    for feed in wanted:
        mark, standing = marks.get(feed.slug), tuple(head for head in heads if head.feed == feed.slug)
        if mark is None or not mark.changed == mark.built == last or len(standing) != printed.COUNT:
            continue
        if (mark.selection, mark.print) == (members.selection(feed, settings.site), _declared(settings, feed)):
            built[feed.slug] = BuiltFeed(
                slug=feed.slug, entries=mark.entries, changed=False, updated=_updated(standing)
            )
    return built


async def _build_some(store: Store, settings: Settings, touched: Sequence[Feed], now: datetime) -> dict[str, BuiltFeed]:
    """Bring feeds up to date in one transaction; without those that have more to take in than fits one."""
    built: dict[str, tuple[BuiltFeed, Mark]] = {}
    async with store.write() as tx:
        host = await documents.lock(tx, authority(settings.site))
        marks, changes = await feed_entries.marks(tx), members.Changes(await minting.last_change(tx))
        heads = await documents.heads(tx, *(feed.slug for feed in touched))
        for feed in touched:
            mark, standing = marks.get(feed.slug), tuple(head for head in heads if head.feed == feed.slug)
            whole = len(standing) == printed.COUNT and mark is not None and mark.print == _declared(settings, feed)
            looked = await members.look(tx, settings, feed, mark, changes, whole=whole)
            if looked is not None:
                built[feed.slug] = await _build_current(tx, settings, feed, looked, standing, host=host, now=now)
        await feed_entries.put_marks(tx, *(mark for _, mark in built.values()))
    return {slug: made for slug, (made, _) in built.items()}


async def _build_current(
    tx: Tx,
    settings: Settings,
    feed: Feed,
    looked: members.Looked,
    standing: tuple[DocumentHead, ...],
    *,
    host: str,
    now: datetime,
) -> tuple[BuiltFeed, Mark]:
    """Print the current documents if need be, in the transaction that took in what changed; the mark to put then."""
    mark, declared = looked.mark, _declared(settings, feed)
    if looked.quiet and mark.print == declared and len(standing) == printed.COUNT:
        same = BuiltFeed(slug=feed.slug, entries=mark.entries, changed=False, updated=_updated(standing))
        return same, replace(mark, built=mark.changed)
    plan = await _plan(tx, settings, feed, looked, standing, host=host)
    if not plan.is_standing:
        rendered = await asyncio.to_thread(
            printed.render, plan.channel, plan.entries, plan.standing, made_from=plan.fingerprint, now=now
        )
        await documents.put(tx, rendered)
    if archives.declared(declared) != archives.declared(mark.print):
        await feed_entries.disturb(tx, feed.slug)
    new = replace(mark, built=mark.changed, entries=len(plan.entries), print=declared)
    made = BuiltFeed(
        slug=feed.slug, entries=len(plan.entries), changed=not plan.is_standing, updated=plan.channel.updated
    )
    return made, new


async def _plan(
    tx: Tx, settings: Settings, feed: Feed, looked: members.Looked, standing: tuple[DocumentHead, ...], *, host: str
) -> _Plan:
    language = settings.site.language
    ids = await members.current(tx, feed, looked.loose)
    found = await announcements.many(tx, ids, language=feed.language or language)
    entries = tuple(entry(each, feed, settings.site) for each in choose(found, feed, site_language=language))
    made = replace(channel(feed, settings.site, host=host), archives=looked.archives)
    made_from = printed.fingerprint(made, entries)
    before = _updated(standing) if standing else None
    plan = _Plan(channel=made, entries=entries, standing=standing, fingerprint=made_from)
    newest = max([instant(looked.mark.changed_at), *(each.updated for each in entries)])
    updated = before if before and plan.is_standing else grown(newest, before)
    return replace(plan, channel=replace(made, updated=updated))


def _updated(standing: tuple[DocumentHead, ...]) -> datetime:
    return max(head.updated_at for head in standing)


def _declared(settings: Settings, feed: Feed) -> str:
    """All that is declared and printed in a feed's documents."""
    made = channel(feed, settings.site, host="")
    return printed.fingerprint(made, ()) + f" {feed.text} {feed.entries} {settings.site.language}"
