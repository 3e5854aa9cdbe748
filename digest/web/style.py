"""The style sheet of the pages, in the colours and faces of the letters, made once at start."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest import templating
from digest.service.house import House
from digest.web.conditional import given, not_modified
from digest.web.page import base


@dataclass(frozen=True, slots=True)
class Style:
    """The sheet, and the path that pages name it by; another sheet has another path."""

    body: bytes
    path: str
    etag: str


def made(house: House) -> Style:
    """The sheet of this house; TemplateError if an operator's own is broken."""
    body = templating.render(house.templates, "web/public/style.css").encode()
    mark = sha256(body).hexdigest()[:12]
    return Style(body, f"{base(house)}/static/style.css?{mark}", f'"{mark}"')


async def sheet(request: Request) -> Response:
    style: Style = request.app.state.style
    headers = {"etag": style.etag, "cache-control": "public, max-age=86400"}
    if not_modified(style.etag, None, if_none_match=given(request.headers.raw, b"if-none-match"), if_modified_since=()):
        return Response(status_code=304, headers=headers)
    return Response(style.body, media_type="text/css", headers=headers)


routes = [Route("/static/style.css", sheet)]
