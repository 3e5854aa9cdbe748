"""Lay the documents out as files that any web server can serve."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

from jinja2 import Environment

from digest.feeds.entries import STYLE_PATH, archive_path, path
from digest.feeds.index import INDEX_PATH, page, style
from digest.feeds.laying import clear, lay
from digest.settings import Feed, Settings
from digest.store import documents, feed_entries
from digest.store.database import Store


async def export(store: Store, settings: Settings, templates: Environment, out: Path) -> tuple[Path, ...]:
    """Write the configured feeds, their page and style sheet under `out` by their public paths; the feeds' files.

    A file is touched only where it differs, replaced in one step, and bears the time of its last change. Beside each
    stands the same packed, `.gz`, for servers that send that to whoever can read it. What a document links to is
    there before it, and what an earlier run laid out and this one did not is taken away after all.
    """
    beside = [lay(out, STYLE_PATH, style())]
    files = [file for feed in settings.feeds.values() async for file in _export(store, feed, out)]
    beside.append(lay(out, INDEX_PATH, page(settings, templates).encode()))
    clear(out, "feeds", {file.relative_to(out).as_posix() for file in (*files, *beside)})
    return tuple(files)


async def _export(store: Store, feed: Feed, out: Path) -> AsyncIterator[Path]:
    async with store.read() as tx:
        found = {(each.format, each.encoding): each for each in await documents.of(tx, feed.slug)}
        archives = await feed_entries.archives(tx, feed.slug)
    for number in range(1, archives + 1):
        async with store.read() as tx:
            (only,) = await documents.of(tx, feed.slug, part=feed_entries.part_of(number)) or (None,)
        if only is not None:
            plain = gzip.decompress(only.body)
            yield lay(out, archive_path(feed.slug, number), plain, only.body, only.changed_at)
    for (form, encoding), each in found.items():
        if encoding == "identity":
            yield lay(out, path(feed.slug, form), each.body, found[form, "gzip"].body, each.changed_at)
