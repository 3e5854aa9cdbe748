"""Ask WordPress' REST API page by page, or the site's feed when the API is closed.

The first visit reads the whole archive. Later ones read the newest page, where a scheduled post appears with its old
modification date, and whatever was modified since.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import urlencode, urljoin

from digest.collect.parse import ReadItem
from digest.collect.parse.wordpress import find_links, parse_posts
from digest.collect.read.feed import read_feed
from digest.collect.read.reading import Asked, Reading
from digest.errors import FetchError, ParseError
from digest.fetch import Fetcher, Response

_CLOSED = frozenset({400, 401, 403, 404, 405, 406, 410, 501})
_MOST_PAGES = 2_000
_OVERLAP = timedelta(days=2)
_EMBED = {"_embed": "author,wp:featuredmedia,wp:term", "per_page": "100"}


class _Closed(Exception):
    """The API will not speak to us; the feed may."""


async def read_wordpress(site: str, fetcher: Fetcher, asked: Asked) -> Reading:
    """The site's posts; raises FetchError, ParseError when neither API nor feed can be read."""
    home = site.rstrip("/") + "/"
    try:
        return await _reading(f"{home}wp-json/wp/v2/posts", home, fetcher, asked, own=site)
    except _Closed as closed:
        why = str(closed)
    links = await _front_page(home, fetcher, own=site)
    api = urljoin(home, links["api"]) if "api" in links else ""
    if api and not api.startswith(f"{home}wp-json"):
        try:
            return await _reading(_posts(api), home, fetcher, asked, own=site)
        except _Closed:
            pass
    feed = urljoin(home, links.get("feed") or "feed/")
    reading = await read_feed(feed, fetcher, asked, own=site)
    note = f"the REST API is closed ({why}); read {feed} instead"
    return Reading(
        items=reading.items,
        language=reading.language,
        deleted=reading.deleted,
        minutes=reading.minutes,
        not_modified=reading.not_modified,
        url=reading.url,
        etag=reading.etag,
        last_modified=reading.last_modified,
        complaints=(note, *reading.complaints),
    )


async def is_gone(lookup: str, number: str, fetcher: Fetcher, *, own: str) -> bool | None:
    """Whether a post is there no longer; None when its site does not say clearly."""
    try:
        await fetcher.get(lookup.format(number), own=own, accept="application/json")
    except FetchError as error:
        return True if error.status in (404, 410) else None
    return False


async def _reading(posts: str, home: str, fetcher: Fetcher, asked: Asked, *, own: str) -> Reading:
    items = await _read_api(posts, fetcher, asked, own=own)
    # An address with a query of its own has no room for a number.
    lookup = "" if "?" in posts else posts.replace("{", "%7B").replace("}", "%7D") + "/{}?_fields=id"
    return Reading(items=items, url=home, whole=asked.since is None, lookup=lookup)


def _posts(api: str) -> str:
    return api.rstrip("/") + "/wp/v2/posts"


async def _read_api(api: str, fetcher: Fetcher, asked: Asked, *, own: str) -> tuple[ReadItem, ...]:
    if asked.since is None:
        return await _read_pages(api, {}, fetcher, own=own)
    newest = await _read_pages(api, {}, fetcher, own=own, most=1)
    since = (asked.since - _OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")
    changed = await _read_pages(api, {"modified_after": since}, fetcher, own=own)
    return tuple({_key(item): item for item in (*newest, *changed)}.values())


async def _read_pages(
    api: str, query: dict[str, str], fetcher: Fetcher, *, own: str, most: int = _MOST_PAGES
) -> tuple[ReadItem, ...]:
    found: dict[str, ReadItem] = {}
    number = 0
    for number in range(1, most + 1):
        items, last = await _read_one(api, {**query, "page": str(number)}, fetcher, own=own, first=number == 1)
        fresh = {_key(item): item for item in items if _key(item) not in found}
        found.update(fresh)
        # A server that does not know `page` would give the same for ever.
        if last or not fresh:
            break
    if number > 2 and most > 1:
        # A post published or deleted while we turned pages shifts them all; the first page shows what came.
        items, _ = await _read_one(api, {**query, "page": "1"}, fetcher, own=own, first=True)
        found.update({_key(item): item for item in items})
    return tuple(found.values())


async def _read_one(
    api: str, query: dict[str, str], fetcher: Fetcher, *, own: str, first: bool
) -> tuple[tuple[ReadItem, ...], bool]:
    """A page's items, and whether it is the last."""
    url = f"{api}{'&' if '?' in api else '?'}{urlencode({**_EMBED, **query}, safe=':,')}"
    try:
        response = await fetcher.get(url, own=own, accept="application/json")
        document = await asyncio.to_thread(parse_posts, response.body, url=response.url)
    except FetchError as error:
        if first and error.status in _CLOSED:
            raise _Closed(f"answered {error.status}") from error
        if not first and error.status == 400:
            return (), True  # past the end
        raise
    except ParseError as error:
        if first:
            raise _Closed(error.message) from error
        raise
    return document.items, _is_last(response, int(query["page"]), len(document.items))


def _is_last(response: Response, number: int, count: int) -> bool:
    pages = response.headers.get("x-wp-totalpages", "")
    if pages.isascii() and pages.isdigit():
        return number >= int(pages)
    return count < int(_EMBED["per_page"])


def _key(item: ReadItem) -> str:
    return item.guid or item.link or (item.aliases[0] if item.aliases else item.title)


async def _front_page(home: str, fetcher: Fetcher, *, own: str) -> dict[str, str]:
    try:
        response = await fetcher.get(home, own=own, accept="text/html, */*;q=0.5")
    except FetchError:
        return {}
    return find_links(response.body)
