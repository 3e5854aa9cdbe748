"""Lay the documents out as files that any web server can serve."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from digest.feeds.entries import archive_path, path
from digest.settings import Settings
from digest.store import documents, feed_entries
from digest.store.database import Store


async def export(store: Store, settings: Settings, out: Path) -> tuple[Path, ...]:
    """Write the configured feeds under `out` by their public paths; the files, touched only where they differ.

    Each is replaced in one step and bears the time of its last change. Beside each stands the same packed, `.gz`,
    for servers that send that to whoever can read it.
    """
    files: list[Path] = []
    for slug in settings.feeds:
        async with store.read() as tx:
            found = {(each.format, each.encoding): each for each in await documents.of(tx, slug)}
            archives = await feed_entries.archives(tx, slug)
        for (form, encoding), each in found.items():
            if encoding == "identity":
                packed = found[form, "gzip"].body
                files += _lay(out / path(slug, form).lstrip("/"), each.body, packed, each.changed_at)
        for number in range(1, archives + 1):
            async with store.read() as tx:
                (only,) = await documents.of(tx, slug, part=feed_entries.part_of(number)) or (None,)
            if only is not None:
                file = out / archive_path(slug, number).lstrip("/")
                files += _lay(file, gzip.decompress(only.body), only.body, only.changed_at)
    return tuple(files)


def _lay(file: Path, body: bytes, packed: bytes, changed_at: datetime) -> Iterator[Path]:
    _replace(file.with_name(f"{file.name}.gz"), packed, changed_at)
    _replace(file, body, changed_at)
    yield file


def _replace(file: Path, body: bytes, changed_at: datetime) -> None:
    if file.is_file() and file.read_bytes() == body:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, prefix=".", delete=False) as writing:
        writing.write(body)
    stamp = changed_at.timestamp()
    os.utime(writing.name, (stamp, stamp))
    Path(writing.name).chmod(0o644)
    Path(writing.name).replace(file)
