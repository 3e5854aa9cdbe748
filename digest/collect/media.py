"""Pictures: fetched through the same guard, made small and plain, and kept under their hash.

What we serve is always our own re-encoding: no metadata, no scripts in SVG, nothing that only looks like a picture.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from digest.collect.apart import apart
from digest.errors import CollectError
from digest.fetch import Fetcher
from digest.store.media import MediaRow

BYTES_LIMIT = 10_000_000


async def fetch_picture(url: str, fetcher: Fetcher, *, own: str, folder: Path) -> MediaRow:
    """Fetch and keep the picture at an address; raises CollectError naming it."""
    limits = replace(fetcher.limits, wire=BYTES_LIMIT, decoded=BYTES_LIMIT)
    response = await fetcher.get(url, own=own, accept="image/webp, image/png, image/jpeg, image/gif", limits=limits)
    return await _keep(response.body, url, folder, about=url)


async def copy_picture(file: str, *, source: Path, url: str, folder: Path) -> MediaRow:
    """Keep a picture that stands in a source's own folder, never outside it; `url` names it in the ledger."""
    data = await asyncio.to_thread(_file, file, source)
    return await _keep(data, url, folder, about=file)


def picture_file(file: str, source: Path) -> Path:
    """The file in the source's folder; raises CollectError when it is missing or stands outside."""
    root = source.resolve()
    path = (root / file).resolve()
    if not path.is_relative_to(root):
        raise CollectError("stands outside its source's folder", about=file)
    if not path.is_file():
        raise CollectError("there is no such picture", about=file)
    return path


def _file(file: str, source: Path) -> bytes:
    with picture_file(file, source).open("rb") as opened:
        data = opened.read(BYTES_LIMIT + 1)
    if len(data) > BYTES_LIMIT:
        raise CollectError(f"larger than {BYTES_LIMIT / 1_000_000:g} MB", about=file)
    return data


async def _keep(data: bytes, url: str, folder: Path, *, about: str) -> MediaRow:
    encoded = await apart("digest.collect.picture:encode", data, about, about=about)
    name = sha256(encoded.data).hexdigest()
    await asyncio.to_thread(_write, encoded.data, folder / name)
    return MediaRow(
        sha256=name, type=encoded.type, width=encoded.width, height=encoded.height, bytes=len(encoded.data), url=url
    )


def _write(data: bytes, target: Path) -> None:
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as writing:
        writing.write(data)
        writing.flush()
        os.fsync(writing.fileno())
    Path(writing.name).chmod(0o644)
    Path(writing.name).replace(target)
