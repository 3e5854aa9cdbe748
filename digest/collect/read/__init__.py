"""Ask one source, however it is kept, and give back what it said. All waiting for strangers happens here."""

from __future__ import annotations

from collections.abc import AsyncIterator

from digest.collect.read.feed import read_feed
from digest.collect.read.folder import read_folder
from digest.collect.read.page import read_page
from digest.collect.read.reading import Asked, Reading
from digest.collect.read.wordpress import is_gone, read_wordpress
from digest.fetch import Fetcher
from digest.settings import Site, Source

__all__ = ["Asked", "Reading", "is_gone", "read_source"]


async def read_source(source: Source, site: Site, fetcher: Fetcher, asked: Asked) -> AsyncIterator[Reading]:
    """What the source says now, part by part; raises CollectError (FetchError, ParseError) naming the URL or file."""
    if source.kind == "feed":
        yield await read_feed(asked.adopted or source.url, fetcher, asked, own=source.url)
        return
    parts = {"wordpress": read_wordpress, "page": read_page, "folder": read_folder}[source.kind]
    async for part in parts(source, site, fetcher, asked):
        yield part
