"""All that is held about a person, for themselves: a file, behind a link that was freshly mailed to them."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.service import person
from digest.subscribers import tokens
from digest.subscribers.address import masked
from digest.subscribers.joining import Person
from digest.subscribers.tokens import Purpose
from digest.web.page import house, page, spoken
from digest.web.public.owner import is_fresh, owner

FILE = "what-we-hold-about-you.json"


async def show(request: Request) -> Response:
    """The button; whoever scans the letter takes nothing with them."""
    return _page(request, await owner(request, Purpose.EXPORT))


async def take(request: Request) -> Response:
    """The file, or word that the link has run out."""
    found = await owner(request, Purpose.EXPORT)
    if found.subscriber is None or not is_fresh(found):
        return _page(request, found)
    held = await person.show(house(request), found.subscriber.email)
    body = json.dumps(held, ensure_ascii=False, indent=2, default=str)
    headers = {"content-disposition": f'attachment; filename="{FILE}"'}
    return Response(body, media_type="application/json", headers=headers)


def _page(request: Request, found: Person) -> Response:
    who = found.subscriber
    return page(
        request,
        "export",
        language=spoken(request, found.claim.digest, who),
        personal=True,
        address=masked(who.email) if who else "",
        stale=not is_fresh(found),
        manage=tokens.manage_token(house(request).keys, found.claim.handle, found.claim.digest),
    )


routes = [
    Route("/manage/export/{token}", show, methods=["GET"]),
    Route("/manage/export/{token}", take, methods=["POST"]),
]
