"""Ask one source, however it is kept, and give back what it said. All waiting for strangers happens here."""

from __future__ import annotations

from datetime import datetime

from digest.collect.read.feed import read_feed
from digest.collect.read.folder import read_folder
from digest.collect.read.page import read_page
from digest.collect.read.reading import Asked, Reading
from digest.collect.read.wordpress import is_gone, read_wordpress
from digest.fetch import Fetcher
from digest.settings import Site, Source

__all__ = ["Asked", "Reading", "is_gone", "read_source"]


async def read_source(source: Source, site: Site, fetcher: Fetcher, asked: Asked, *, now: datetime) -> Reading:
    """What the source says now; raises CollectError (FetchError, ParseError) naming the URL or file."""
    if source.kind == "feed":
        return await read_feed(source.url, fetcher, asked, own=source.url)
    if source.kind == "wordpress":
        return await read_wordpress(source.url, fetcher, asked)
    if source.kind == "page":
        return await read_page(source, fetcher)
    return await read_folder(source, site, now=now)
