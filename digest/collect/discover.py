"""Find out what an address offers: WordPress' interface, feeds, or a page to be read by selectors. Keeps nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from digest.collect.apart import apart
from digest.collect.links import absolute, canonical_link
from digest.collect.trial import Tried, tried
from digest.errors import CollectError
from digest.fetch import Fetcher, Response, host_of
from digest.settings import Settings, Source

_MOST_FEEDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One way to read an address, tried; `error` says why it is none."""

    source: Source
    found: Tried
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """All that were tried, the best first; `page` is what stands at the address, where it is HTML."""

    all: tuple[Offer, ...]
    page: Response | None = field(default=None)


async def discover(url: str, settings: Settings, fetcher: Fetcher, elsewhere: Fetcher, *, now: datetime) -> Offers:
    """Everything worth trying at an address; raises CollectError when it cannot be had at all.

    What the page names on another host is asked by `elsewhere`, which must allow nothing private.
    """
    response = await fetcher.get(url, own=url)
    if not _is_page(response):
        return Offers(all=(await _try(_source(url, "feed"), settings, fetcher, now),))
    offered = await apart("digest.collect.parse.wordpress:offered", response.body, about=url)
    named = [(name, canonical_link(absolute(link, response.url))) for name, link in offered]
    sites = [_site(link) for name, link in named if name == "api" and link]
    sources = [_source([*sites, absolute("/", response.url)][0], "wordpress")]
    feeds = dict.fromkeys(link for name, link in named if name == "feed" and link)
    sources += [_source(link, "feed") for link in [*feeds][:_MOST_FEEDS]]
    select = await apart(
        "digest.collect.parse.page:guess", response.body, response.url, response.content_type, about=url
    )
    if select:
        sources.append(_source(url, "page", select))
    home = host_of(url)
    found = [
        await _try(source, settings, fetcher if host_of(source.url) == home else elsewhere, now) for source in sources
    ]
    return Offers(all=tuple(sorted(found, key=lambda each: bool(each.error))), page=response)


async def selected(source: Source, fetcher: Fetcher) -> dict[str, tuple[int, str]]:
    """What each selector of a listing page matches: how often, and the first of it."""
    found = await fetcher.get(source.url, own=source.url)
    select = source.select.model_dump()
    said: dict[str, tuple[int, str]] = await apart(
        "digest.collect.parse.page:matches", found.body, found.url, select, found.content_type, about=source.url
    )
    return said


async def _try(source: Source, settings: Settings, fetcher: Fetcher, now: datetime) -> Offer:
    try:
        found = await tried(source, settings, fetcher, now=now)
    except CollectError as error:
        return Offer(source=source, found=Tried(items=()), error=str(error))
    # A closed interface is read by its feed, and that is offered by itself.
    closed = next((each for each in found.warnings if each.startswith("the REST API is closed")), "")
    return Offer(source=source, found=found, error=closed or ("" if found.items else "no items"))


def _is_page(response: Response) -> bool:
    # A feed may be sent as text/html, too; none begins as a page does.
    start = response.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return True
    return response.media_type == "text/html" and re.search(rb"<(?:rss|feed|rdf:rdf)[\s>]", start) is None


def _site(api: str) -> str:
    return api.partition("/wp-json")[0] + "/" if "/wp-json" in api else api


def _source(url: str, kind: str, select: Mapping[str, str] | None = None) -> Source:
    values = {"slug": slug_of(url), "url": url, "kind": kind}
    return Source.model_validate(values | ({"select": select} if select else {}))


def slug_of(url: str) -> str:
    """A slug after an address: the name of its host, without what every host has."""
    host = host_of(url).partition(":")[0].removeprefix("www.") or "source"
    return slug_from(host.rpartition(".")[0] or host, leading="site")


def slug_from(words: str, *, leading: str = "folder") -> str:
    """A slug after a name, begun with `leading` where the name does not begin with a letter."""
    name = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    return (name if name[:1].isalpha() else f"{leading}_{name}".strip("_"))[:40].rstrip("_")
