"""Lay the documents out as files that any web server can serve."""

from __future__ import annotations

import gzip
import os
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile

from digest.feeds.entries import STYLE_PATH, archive_path, path
from digest.feeds.index import INDEX_PATH, page, style
from digest.settings import Feed, Settings
from digest.store import documents, feed_entries
from digest.store.database import Store

LAID = "feeds/.laid"
"""Names what was laid out, so that what is no more can be taken away, and nothing else."""


async def export(store: Store, settings: Settings, out: Path) -> tuple[Path, ...]:
    """Write the configured feeds, their page and style sheet under `out` by their public paths; the feeds' files.

    A file is touched only where it differs, replaced in one step, and bears the time of its last change. Beside each
    stands the same packed, `.gz`, for servers that send that to whoever can read it. What a document links to is
    there before it, and what an earlier run laid out and this one did not is taken away after all.
    """
    beside = [_lay(out, STYLE_PATH, style())]
    files = [file for feed in settings.feeds.values() async for file in _export(store, feed, out)]
    beside.append(_lay(out, INDEX_PATH, page(settings).encode()))
    _clear(out, {file.relative_to(out).as_posix() for file in (*files, *beside)})
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
            yield _lay(out, archive_path(feed.slug, number), plain, only.body, only.changed_at)
    for (form, encoding), each in found.items():
        if encoding == "identity":
            yield _lay(out, path(feed.slug, form), each.body, found[form, "gzip"].body, each.changed_at)


def _lay(out: Path, public: str, body: bytes, packed: bytes | None = None, changed_at: datetime | None = None) -> Path:
    """The file of a public path, and beside it the same packed."""
    file = out / public.lstrip("/")
    _replace(_packed(file), packed or gzip.compress(body, mtime=0), changed_at)
    _replace(file, body, changed_at)
    return file


def _packed(file: Path) -> Path:
    return file.with_name(f"{file.name}.gz")


def _replace(file: Path, body: bytes, changed_at: datetime | None) -> None:
    if file.is_file() and file.stat().st_size == len(body) and file.read_bytes() == body:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, prefix=".", delete=False) as writing:
        try:
            writing.write(body)
            writing.close()
            if changed_at is not None:
                os.utime(writing.name, (changed_at.timestamp(), changed_at.timestamp()))
            Path(writing.name).chmod(0o644)
            Path(writing.name).replace(file)
        except OSError:
            Path(writing.name).unlink(missing_ok=True)
            raise


def _clear(out: Path, names: set[str]) -> None:
    """Take away what an earlier run laid out and is no more."""
    laid = out / LAID
    before = set(laid.read_text().splitlines()) if laid.is_file() else set()
    for name in sorted(before - names):
        file = out / name
        # Whoever may write the list must not thereby delete what is elsewhere.
        if name.startswith("feeds/") and ".." not in PurePosixPath(name).parts:
            file.unlink(missing_ok=True)
            _packed(file).unlink(missing_ok=True)
            if file.parent.name == "archive" and not any(file.parent.iterdir()):
                file.parent.rmdir()
    _replace(laid, "".join(f"{name}\n" for name in sorted(names)).encode(), None)
