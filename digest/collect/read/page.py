"""Ask for a listing page and the pages that follow it, where the site's robots.txt leaves them to programs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from urllib.parse import urlsplit, urlunsplit

from digest.collect.apart import apart
from digest.collect.document import Read, read
from digest.collect.links import absolute, canonical_link
from digest.collect.read.feed import fresh_minutes
from digest.collect.read.reading import Asked, Reading
from digest.errors import CollectError, FetchError, ParseError, discreet
from digest.fetch import Fetcher, Response
from digest.settings import Site, Source


async def read_page(source: Source, site: Site, fetcher: Fetcher, asked: Asked) -> AsyncIterator[Reading]:
    """The items of all pages, up to `max_pages`, page by page; raises FetchError, ParseError for the first.

    A later page that fails is told as an error of the source, and what was read before it is kept. Where the first is
    as it was, by what its host says or to the byte, so are the others: whatever is new is named there.
    """
    complaints: list[str] = []
    errors: tuple[str, ...] = ()
    robots = _Robots(source, fetcher)
    seen, met, count = set[str](), set[str](), 0
    url = begun = asked.adopted or source.url
    first: Response | None = None
    while url and len(seen) < source.max_pages:
        seen.add(canonical_link(url))
        try:
            await robots.ask(url)
            answered = await _ask(url, source, fetcher, asked, first=first is None)
            if answered.not_modified or (first is None and _is_same(begun, asked, answered)):
                yield _as_before(begun, asked, answered)
                return
            document, url = await _read(url, asked, answered)
        except CollectError as error:
            if len(seen) == 1:
                raise
            errors, url = (str(error),), ""
            break
        first = first or answered
        complaints.extend(document.complaints)
        named = {known.item.ident for known in document.items}
        # A ring may have a new address at each turn.
        if canonical_link(url) in seen or (url and named <= met):
            complaints.append(f"{discreet(url)}: next leads back to a page already read")
            url = ""
        met |= named
        count += len(document.items)
        if url and len(seen) >= source.max_pages > 1:
            complaints.append(f"more pages follow; read {source.max_pages} (max_pages)")
        yield Reading(items=document.items, url=begun, last=False)
    yield replace(_whole(begun, first, count, failed=bool(errors)), complaints=tuple(complaints), errors=errors)


def _whole(url: str, first: Response | None, count: int, *, failed: bool) -> Reading:
    # What could not be read is to be asked for again, whatever the first page says.
    kept = first if first and first.status == 200 and not failed else None
    return Reading(
        url=url,
        etag=kept.etag if kept else "",
        last_modified=kept.last_modified if kept else "",
        body_hash=f"{_hash(kept)}:{count}" if kept else "",
        moved_to=_moved_to(first),
        minutes=fresh_minutes(first) if first else 0,
    )


def _as_before(url: str, asked: Asked, answered: Response) -> Reading:
    return Reading(
        not_modified=True,
        count=0 if answered.not_modified else int(asked.body_hash.partition(":")[2]),
        url=url,
        etag=asked.etag if answered.not_modified else answered.etag,
        last_modified=asked.last_modified if answered.not_modified else answered.last_modified,
        body_hash=asked.body_hash,
        moved_to=_moved_to(answered),
        minutes=fresh_minutes(answered),
    )


def _is_same(url: str, asked: Asked, answered: Response) -> bool:
    return asked.url == url and asked.body_hash.partition(":")[0] == _hash(answered)


def _hash(answered: Response) -> str:
    return sha256(answered.body).hexdigest()


def _moved_to(first: Response | None) -> str:
    return first.url if first and first.moved_for_good else ""


async def _ask(url: str, source: Source, fetcher: Fetcher, asked: Asked, *, first: bool) -> Response:
    """A page; the first one on condition that it is another than we have."""
    same = first and asked.url == url
    return await fetcher.get(
        url,
        own=source.url,
        etag=asked.etag if same else "",
        last_modified=asked.last_modified if same else "",
        accept="text/html, application/xhtml+xml, */*;q=0.5",
    )


async def _read(url: str, asked: Asked, response: Response) -> tuple[Read, str]:
    """What a page says, and the address of the next."""
    document = await read(asked.how, response.body, url=response.url, content_type=response.content_type)
    if not document.items:
        raise ParseError("no items", about=url)
    following = absolute(document.next_link, response.url) if document.next_link else ""
    # On the last page it may lead to a script.
    return document, following if following.startswith(("http://", "https://")) else ""


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
