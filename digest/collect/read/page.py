"""Ask for a listing page and the pages that follow it."""

from __future__ import annotations

import asyncio

from digest.collect.links import absolute, canonical_link
from digest.collect.parse import ReadItem
from digest.collect.parse.page import parse_page
from digest.collect.read.reading import Reading
from digest.errors import ParseError
from digest.fetch import Fetcher
from digest.settings import Source


async def read_page(source: Source, fetcher: Fetcher) -> Reading:
    """The items of all pages, up to `max_pages`; raises FetchError, ParseError for the first page.

    A later page that fails is told as an error of the source, and what was read before it is kept.
    """
    select = source.select.model_dump()
    items: list[ReadItem] = []
    complaints: list[str] = []
    errors: tuple[str, ...] = ()
    seen: set[str] = set()
    url, language = source.url, ""
    while url and len(seen) < source.max_pages:
        seen.add(canonical_link(url))
        try:
            response = await fetcher.get(url, own=source.url, accept="text/html, application/xhtml+xml, */*;q=0.5")
            document = await asyncio.to_thread(
                parse_page, response.body, url=response.url, select=select, content_type=response.content_type
            )
        except Exception as error:
            if not items:
                raise
            errors = (str(error),)
            break
        items.extend(document.items)
        complaints.extend(document.complaints)
        language = language or document.language
        url = absolute(document.next_link, response.url) if document.next_link else ""
        if canonical_link(url) in seen:
            complaints.append(f"{url}: next leads back to a page already read")
            break
    if url and len(seen) >= source.max_pages > 1:
        complaints.append(f"more pages follow; read {source.max_pages} (max_pages)")
    if not items:
        raise ParseError("no items", about=source.url)
    return Reading(items=tuple(items), language=language, url=source.url, complaints=tuple(complaints), errors=errors)
