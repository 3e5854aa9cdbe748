"""All that is held about a person, for themselves: a file, behind a link that was freshly mailed to them."""

from __future__ import annotations

import json

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.service import person
from digest.service.house import now
from digest.subscribers import flow, tokens
from digest.subscribers.address import masked
from digest.subscribers.joining import Person
from digest.subscribers.tokens import FRESH_FOR, Purpose
from digest.web.page import house, page
from digest.web.public.moving import spoken

FILE = "what-we-hold-about-you.json"


async def show(request: Request) -> Response:
    """The button; whoever scans the letter takes nothing with them."""
    return _page(request, await _person(request))


async def take(request: Request) -> Response:
    """The file, or word that the link has run out."""
    found = await _person(request)
    if found.subscriber is None or not _fresh(found):
        return _page(request, found)
    held = await person.show(house(request), found.subscriber.email)
    body = json.dumps(held, ensure_ascii=False, indent=2, default=str)
    headers = {"content-disposition": f'attachment; filename="{FILE}"'}
    return Response(body, media_type="application/json", headers=headers)


async def _person(request: Request) -> Person:
    at = house(request)
    found = await flow.whose(at.store, at.keys, Purpose.EXPORT, request.path_params["token"])
    if found is None or found.subscriber is None:
        raise HTTPException(404)
    return found


def _fresh(found: Person) -> bool:
    return tokens.fresh(found.claim, now(), lasts=FRESH_FOR)


def _page(request: Request, found: Person) -> Response:
    who = found.subscriber
    return page(
        request,
        "export",
        language=spoken(request, found.claim.digest, who.language if who else ""),
        personal=True,
        address=masked(who.email) if who else "",
        stale=not _fresh(found),
        manage=tokens.manage_token(house(request).keys, found.claim.handle, found.claim.digest),
    )


routes = [
    Route("/manage/export/{token}", show, methods=["GET"]),
    Route("/manage/export/{token}", take, methods=["POST"]),
]
