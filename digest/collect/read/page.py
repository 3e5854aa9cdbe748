"""Ask for a listing page and the pages that follow it, where the site's robots.txt leaves them to programs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

from digest.collect.apart import apart
from digest.collect.document import Read, read
from digest.collect.links import absolute, canonical_link
from digest.collect.read.reading import Asked, Reading
from digest.errors import CollectError, FetchError, ParseError, discreet
from digest.fetch import Fetcher, Response
from digest.settings import Site, Source


async def read_page(source: Source, site: Site, fetcher: Fetcher, asked: Asked) -> AsyncIterator[Reading]:
    """The items of all pages, up to `max_pages`, page by page; raises FetchError, ParseError for the first.

    A later page that fails is told as an error of the source, and what was read before it is kept.
    """
    complaints: list[str] = []
    errors: tuple[str, ...] = ()
    robots = _Robots(source, fetcher)
    seen: set[str] = set()
    url = asked.adopted or source.url
    moved_to = ""
    while url and len(seen) < source.max_pages:
        seen.add(canonical_link(url))
        try:
            await robots.ask(url)
            document, url, answered = await _read(url, source, fetcher, asked)
        except CollectError as error:
            if len(seen) == 1:
                raise
            errors, url = (str(error),), ""
            break
        if len(seen) == 1:
            moved_to = answered.url if answered.moved_for_good else ""
        complaints.extend(document.complaints)
        if canonical_link(url) in seen:
            complaints.append(f"{discreet(url)}: next leads back to a page already read")
            url = ""
        if url and len(seen) >= source.max_pages > 1:
            complaints.append(f"more pages follow; read {source.max_pages} (max_pages)")
        yield Reading(items=document.items, url=source.url, last=False)
    yield Reading(url=source.url, complaints=tuple(complaints), errors=errors, moved_to=moved_to)


async def _read(url: str, source: Source, fetcher: Fetcher, asked: Asked) -> tuple[Read, str, Response]:
    """What a page says, the address of the next, and how it answered."""
    response = await fetcher.get(url, own=source.url, accept="text/html, application/xhtml+xml, */*;q=0.5")
    document = await read(asked.how, response.body, url=response.url, content_type=response.content_type)
    if not document.items:
        raise ParseError("no items", about=url)
    following = absolute(document.next_link, response.url) if document.next_link else ""
    return document, following, response


class _Robots:
    """What each host of a visit says of programs (RFC 9309), asked once."""

    def __init__(self, source: Source, fetcher: Fetcher) -> None:
        self._source = source
        self._fetcher = fetcher
        self._said: dict[str, bytes] = {}

    async def ask(self, url: str) -> None:
        """Raise ParseError for a page that is not for us, FetchError where nobody can say."""
        if self._source.robots == "ignore":
            return
        file = absolute("/robots.txt", url) or url
        if file not in self._said:
            self._said[file] = await self._read(file)
        agent = self._fetcher.user_agent.partition("/")[0]
        parts = urlsplit(url)
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        if await apart("digest.collect.parse.robots:forbids", self._said[file], agent, path, about=url):
            raise ParseError(
                'its robots.txt keeps programs out (robots = "ignore" if its owner lets you in)', about=url
            )

    async def _read(self, file: str) -> bytes:
        try:
            return (await self._fetcher.get(file, own=self._source.url, accept="text/plain, */*;q=0.5")).body
        except FetchError as error:
            # Whoever has none lets everybody in; whoever cannot say at the moment, nobody (RFC 9309, 2.3.1).
            if error.status is not None and 400 <= error.status < 500 and error.status != 429:
                return b""
            raise
