"""The pages of the editions as files, for a plain web server: what a visitor gets, byte for byte.

With them go the pictures that they, and the feeds, show from here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from starlette.types import Message

from digest.feeds.laying import clear, lay
from digest.model.editions import PUBLISHED
from digest.service.house import House
from digest.store import editions
from digest.web import app
from digest.web.kept import Kept
from digest.web.style import ICON_PATH

FOLDER = "editions"
MEDIA = "media"
_OURS = re.compile(rb'"[^"]*?(/media/[0-9a-f]{64})"')


async def lay_out(house: House, out: Path, feeds: Iterable[Path] = ()) -> tuple[Path, ...]:
    """Write each digest's list of editions and each edition below `out/editions`, with the style and all pictures.

    `feeds` are files laid out before, whose pictures go with them.

    A page stands as `index.html` in a folder of its address. What was withdrawn since the last time is taken away.
    """
    served = app.create(house, laid=True)
    pages: dict[str, bytes] = {}
    for slug in house.settings.digests:
        async with house.store.read() as tx:
            labels = [each.label for each in await editions.listed(tx, slug) if each.status in PUBLISHED]
        for address in (f"/{FOLDER}/{slug}/", *(f"/{FOLDER}/{slug}/{label}" for label in labels)):
            pages[address] = await _got(served, address)
    await _lay_pictures(served, out, chain(pages.values(), (file.read_bytes() for file in feeds)))
    for path in ("/static/style.css", ICON_PATH):
        lay(out, path, await _got(served, path))
    files = tuple(lay(out, f"{address.rstrip('/')}/index.html", body) for address, body in pages.items() if body)
    clear(out, FOLDER, {file.relative_to(out).as_posix() for file in files})
    return files


async def _lay_pictures(served: Kept, out: Path, documents: Iterable[bytes]) -> None:
    shown = {found.decode() for body in documents for found in _OURS.findall(body)}
    laid = [lay(out, picture, body) for picture in sorted(shown) if (body := await _got(served, picture))]
    clear(out, MEDIA, {file.relative_to(out).as_posix() for file in laid})


async def _got(served: Kept, address: str) -> bytes:
    """What a visitor gets; nothing where it is not there any more."""
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": address,
        "raw_path": address.encode(),
        "query_string": b"",
        "headers": [],
        "client": None,
        "server": None,
    }
    status, body = 0, b""

    asked: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not asked:
            await asyncio.Event().wait()  # this visitor never hangs up
        return asked.pop()

    async def send(message: Message) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")

    await served(scope, receive, send)
    return body if status == 200 else b""
