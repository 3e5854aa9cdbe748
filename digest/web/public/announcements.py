"""Our own page of an announcement: where one without a page of its own lives, and a place to read it in full."""

from __future__ import annotations

import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest import templating
from digest.letter import calendar
from digest.service.house import now
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
    async with at.store.glance() as tx:
        found = await announcements.by_slug(tx, slug, language=language)
    if found is None:
        raise HTTPException(404)
    if found.retracted_at is not None:
        raise HTTPException(410)
    item = shown(found, site_view(at), language)
    today = now().astimezone(at.settings.site.zone).date()
    closed = item.deadline is not None and item.deadline < today
    return page(request, "announcement", language=language, headers=PUBLIC_CACHE, item=item, closed=closed)


async def deadline(request: Request) -> Response:
    """The day that it closes, for a calendar; 404 where it says none."""
    at, slug = house(request), request.path_params["slug"]
    language = asked_language(request, at.settings.site.language)
    async with at.store.glance() as tx:
        found = await announcements.by_slug(tx, slug, language=language) if _SLUG.fullmatch(slug) else None
    version = found.version(language, at.settings.site.language) if found and found.retracted_at is None else None
    if found is None or version is None or version.facts.deadline is None:
        raise HTTPException(404)
    words = templating.render(at.templates, "email/digest/deadline.txt", language=language, title=version.title)
    body = calendar.deadline(
        uid=found.public_id,
        day=version.facts.deadline,
        title=words.strip(),
        link=version.link or f"{at.settings.site.url}/announcements/{slug}",
        stamp=version.updated_at,
    )
    named = {"content-disposition": 'attachment; filename="deadline.ics"', **PUBLIC_CACHE}
    return Response(body, media_type="text/calendar; charset=utf-8", headers=named)


routes = [
    Route("/announcements/{slug}", announcement),
    Route("/announcements/{slug}/deadline.ics", deadline),
]
