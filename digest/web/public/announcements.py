"""Our own page of an announcement: where one without a page of its own lives, and a place to read it in full."""

from __future__ import annotations

import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.store import announcements
from digest.web.page import PUBLIC_CACHE, asked_language, house, page, site_view
from digest.web.public.shown import shown

_SLUG = re.compile(r"[0-9a-f]{32}(-[0-9]{1,4})?")


async def announcement(request: Request) -> Response:
    """The announcement, whatever host its id was minted with; 410 once it was taken back."""
    slug = request.path_params["slug"]
    if not _SLUG.fullmatch(slug):
        raise HTTPException(404)
    at = house(request)
    language = asked_language(request, at.settings.site.language)
    async with at.store.read() as tx:
        found = await announcements.by_slug(tx, slug, language=language)
    if found is None:
        raise HTTPException(404)
    if found.retracted_at is not None:
        raise HTTPException(410)
    item = shown(found, site_view(at), language)
    return page(request, "announcement", language=language, headers=PUBLIC_CACHE, item=item)


routes = [Route("/announcements/{slug}", announcement)]
