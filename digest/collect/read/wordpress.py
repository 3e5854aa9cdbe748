"""Ask WordPress' REST API page by page, or the site's feed when the API is closed.

The first visit reads the whole archive. Later ones read the newest page, where a scheduled post appears with its old
modification date, and whatever was modified since.

None of it is asked conditionally. WordPress itself sends no validators; a cache before it may, but a 304 says only
that the newest page is as it was: not what was modified behind it, and not whether a post that is missing from it is
still gone an hour later, which is what a deletion is known by.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

from digest.collect.apart import apart
from digest.collect.document import read
from digest.collect.identify import Known
from digest.collect.links import absolute, canonical_link
from digest.collect.read.feed import fresh_minutes, read_feed
from digest.collect.read.reading import Asked, Reading
from digest.errors import CollectError, FetchError, ParseError, discreet
from digest.fetch import Fetcher, Response
from digest.settings import Site, Source

_CLOSED = frozenset({400, 401, 403, 404, 405, 406, 410, 501})
_MOST_PAGES = 2_000
_OVERLAP = timedelta(days=2)
_EMBED = {"_embed": "author,wp:featuredmedia,wp:term", "per_page": "100"}


class _Closed(Exception):
    """The API will not speak to us; the feed may."""


@dataclass(frozen=True, slots=True)
class _Page:
    """A page's items, whether it is the last, where the home is if the API was moved for good, how long it is fresh."""

    items: tuple[Known, ...]
    last: bool
    moved_to: str = ""
    minutes: int = 0


async def read_wordpress(source: Source, site: Site, fetcher: Fetcher, asked: Asked) -> AsyncIterator[Reading]:
    """The site's posts, page by page; raises FetchError, ParseError when neither API nor feed can be read."""
    home = (asked.adopted or source.url).rstrip("/") + "/"
    try:
        async for part in _reading(f"{home}wp-json/wp/v2/posts", home, fetcher, asked, own=source.url):
            yield part
        return
    except _Closed as closed:
        why = str(closed)
    links = await _front_page(home, fetcher, own=source.url)
    api = canonical_link(absolute(links["api"], home)) if "api" in links else ""
    if api and not api.startswith(f"{home}wp-json"):
        try:
            async for part in _reading(_posts(api), home, fetcher, asked, own=source.url):
                yield part
            return
        except _Closed:
            pass
    feed = canonical_link(absolute(links.get("feed") or "feed/", home)) or f"{home}feed/"
    reading = await _feed_instead(feed, why, fetcher, asked, own=source.url)
    note = f"the REST API is closed ({why}); read {discreet(feed)} instead"
    moved_to = _home(feed, reading.moved_to, home)
    yield replace(reading, complaints=(note, *reading.complaints), moved_to=moved_to)


async def _feed_instead(feed: str, why: str, fetcher: Fetcher, asked: Asked, *, own: str) -> Reading:
    try:
        return await read_feed(feed, fetcher, replace(asked, how=replace(asked.how, kind="feed")), own=own)
    except CollectError as error:
        error.message = f"the REST API is closed ({why}), and of the feed instead: {error.message}"
        raise


async def is_gone(lookup: str, number: str, fetcher: Fetcher, *, own: str) -> bool | None:
    """Whether a post is there no longer; None when its site does not say clearly."""
    try:
        await fetcher.get(lookup.format(number), own=own, accept="application/json")
    except FetchError as error:
        return True if error.status in (404, 410) else None
    return False


async def _reading(posts: str, home: str, fetcher: Fetcher, asked: Asked, *, own: str) -> AsyncIterator[Reading]:
    """A page a part; one that fails after the first is told as an error, and what came before it is kept."""
    # An address with a query of its own has no room for a number.
    lookup = "" if "?" in posts else posts.replace("{", "%7B").replace("}", "%7D") + "/{}?_fields=id"
    errors: tuple[str, ...] = ()
    moved_to, minutes = "", 0
    seen: set[str] = set()
    try:
        async for page in _pages(posts, fetcher, asked, own=own):
            moved_to = moved_to or _home(posts, page.moved_to, home)
            minutes = max(minutes, page.minutes)
            fresh = tuple(known for known in page.items if known.item.ident not in seen)
            seen.update(known.item.ident for known in fresh)
            yield Reading(items=fresh, url=home, last=False)
    except (CollectError, _Closed) as error:
        if not seen:
            raise
        errors = (str(error),)
    whole = asked.since is None and not errors
    lookup = "" if errors else lookup
    yield Reading(url=home, moved_to=moved_to, whole=whole, lookup=lookup, errors=errors, minutes=minutes)


def _home(asked: str, answered: str, home: str) -> str:
    """Where the site is now, if what was asked of it answered elsewhere, on the same path from there."""
    path = asked.partition("?")[0]
    rest = path.removeprefix(home)
    answered = answered.partition("?")[0]
    return answered.removesuffix(rest) if path.startswith(home) and rest and answered.endswith(f"/{rest}") else ""


def _posts(api: str) -> str:
    return api.rstrip("/") + "/wp/v2/posts"


async def _pages(api: str, fetcher: Fetcher, asked: Asked, *, own: str) -> AsyncIterator[_Page]:
    if asked.since is None:
        async for page in _turned(api, {}, fetcher, asked, own=own):
            yield page
        return
    yield await _read_one(api, {"page": "1"}, fetcher, asked, own=own, first=True)
    since = (asked.since - _OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")
    async for page in _turned(api, {"modified_after": since}, fetcher, asked, own=own):
        yield page


async def _turned(api: str, query: dict[str, str], fetcher: Fetcher, asked: Asked, *, own: str) -> AsyncIterator[_Page]:
    before: set[str] = set()
    number = 0
    for number in range(1, _MOST_PAGES + 1):
        page = await _read_one(api, {**query, "page": str(number)}, fetcher, asked, own=own, first=number == 1)
        idents = {known.item.ident for known in page.items}
        # A server that does not know `page` would give the same for ever.
        if idents <= before:
            break
        before = idents
        yield page
        if page.last:
            break
    if number > 2:
        # A post published or deleted while we turned pages shifts them all; the first page shows what came.
        yield await _read_one(api, {**query, "page": "1"}, fetcher, asked, own=own, first=True)


async def _read_one(api: str, query: dict[str, str], fetcher: Fetcher, asked: Asked, *, own: str, first: bool) -> _Page:
    url = f"{api}{'&' if '?' in api else '?'}{urlencode({**_EMBED, **query}, safe=':,')}"
    try:
        response = await fetcher.get(url, own=own, accept="application/json")
        document = await read(asked.how, response.body, url=response.url)
    except FetchError as error:
        if first and error.status in _CLOSED:
            raise _Closed(f"answered {error.status}") from error
        if not first and error.status == 400:
            return _Page((), last=True)  # past the end
        raise
    except ParseError as error:
        if first:
            raise _Closed(error.message) from error
        raise
    last = _is_last(response, int(query["page"]), len(document.items))
    return _Page(document.items, last, response.url if response.moved_for_good else "", fresh_minutes(response))


def _is_last(response: Response, number: int, count: int) -> bool:
    pages = response.headers.get("x-wp-totalpages", "")
    if pages.isascii() and pages.isdigit():
        return number >= int(pages)
    return count < int(_EMBED["per_page"])


async def _front_page(home: str, fetcher: Fetcher, *, own: str) -> dict[str, str]:
    try:
        response = await fetcher.get(home, own=own, accept="text/html, */*;q=0.5")
        offered: list[tuple[str, str]] = await apart(
            "digest.collect.parse.wordpress:offered", response.body, about=home
        )
    except CollectError:
        return {}
    # Of several the first counts.
    return dict(reversed(offered))
