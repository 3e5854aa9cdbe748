"""The front page: what was announced, the newest editions, and the ways to follow."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.feeds.documents import MEDIA_TYPES
from digest.feeds.entries import path
from digest.model.editions import Edition
from digest.service.house import House
from digest.store import announcements, editions
from digest.store.database import Tx
from digest.web.page import PUBLIC_CACHE, asked_language, base, house, page, site_view
from digest.web.public.editions import PUBLISHED, DatedEdition, dated
from digest.web.public.shown import shown

ANNOUNCEMENTS = 12
EDITIONS = 4
NAMES = {"atom": "Atom", "rss": "RSS", "json": "JSON Feed"}


@dataclass(frozen=True, slots=True)
class FeedLinks:
    """A feed's title, and (name, media type, path) of each of its formats."""

    title: str
    forms: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Newsletter:
    """A digest as visitors meet it."""

    slug: str
    title: str
    editions: tuple[DatedEdition, ...]


async def front(request: Request) -> Response:
    at = house(request)
    language = asked_language(request, at.settings.site.language)
    async with at.store.read() as tx:
        found = await announcements.listed(tx, limit=ANNOUNCEMENTS, language=language)
        newsletters = [await _newsletter(at, tx, slug) for slug in at.settings.digests]
    site = site_view(at)
    items = [shown(each, site, language) for each in found]
    return page(
        request,
        "front",
        language=language,
        headers=PUBLIC_CACHE,
        items=items,
        newsletters=newsletters,
        feeds=feed_links(at),
    )


def feed_links(at: House) -> tuple[FeedLinks, ...]:
    """Every feed, for people and for readers that look for one."""
    return tuple(
        FeedLinks(
            feed.title,
            tuple(
                (name, MEDIA_TYPES[form].partition(";")[0], f"{base(at)}{path(feed.slug, form)}")
                for form, name in NAMES.items()
            ),
        )
        for feed in at.settings.feeds.values()
    )


async def _newsletter(at: House, tx: Tx, slug: str) -> Newsletter:
    newest: list[Edition] = [each for each in await editions.listed(tx, slug) if each.status in PUBLISHED]
    return Newsletter(slug, at.settings.digests[slug].title, tuple(dated(each) for each in newest[:EDITIONS]))


routes = [Route("/", front)]
