"""The front page: what was announced, the newest editions, and the ways to follow."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.model.editions import PUBLISHED
from digest.service.house import House
from digest.store import announcements, editions
from digest.store.database import Tx
from digest.web.page import PUBLIC_CACHE, asked_language, house, page, site_view
from digest.web.public.editions import DatedEdition, dated
from digest.web.public.shown import shown

ANNOUNCEMENTS = 12
EDITIONS = 4


@dataclass(frozen=True, slots=True)
class Newsletter:
    """A digest as visitors meet it."""

    slug: str
    title: str
    editions: tuple[DatedEdition, ...]


async def front(request: Request) -> Response:
    at = house(request)
    language = asked_language(request, at.settings.site.language)
    async with at.store.glance() as tx:
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
    )


async def _newsletter(at: House, tx: Tx, slug: str) -> Newsletter:
    newest = [each for each in await editions.listed(tx, slug) if each.status in PUBLISHED]
    return Newsletter(slug, at.settings.digests[slug].title, tuple(dated(each) for each in newest[:EDITIONS]))


routes = [Route("/", front)]
