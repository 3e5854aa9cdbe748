"""The style sheet of the pages, and the mark that a browser shows beside their title, made once at start."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest import templating
from digest.service.house import House
from digest.web.conditional import given, not_modified
from digest.web.page import base, site_view

ICON_PATH = "/static/icon.svg"


@dataclass(frozen=True, slots=True)
class Style:
    """A file that pages name by its path; another sheet has another path."""

    body: bytes
    path: str
    etag: str


def made(house: House) -> Style:
    """The sheet of this house; TemplateError if an operator's own is broken."""
    body = templating.render(house.templates, "web/public/style.css").encode()
    mark = sha256(body).hexdigest()[:12]
    return Style(body, f"{base(house)}/static/style.css?{mark}", f'"{mark}"')


def icon(house: House) -> Style:
    """The mark of this house, as an SVG."""
    body = templating.render(house.templates, "web/public/icon.svg", site=site_view(house)).encode()
    return Style(body, f"{base(house)}{ICON_PATH}", f'"{sha256(body).hexdigest()[:12]}"')


async def sheet(request: Request) -> Response:
    return _answer(request, request.app.state.style, "text/css")


async def mark(request: Request) -> Response:
    return _answer(request, request.app.state.icon, "image/svg+xml")


def _answer(request: Request, what: Style, media_type: str) -> Response:
    headers = {"etag": what.etag, "cache-control": "public, max-age=86400"}
    if not_modified(what.etag, None, if_none_match=given(request.headers.raw, b"if-none-match"), if_modified_since=()):
        return Response(status_code=304, headers=headers)
    return Response(what.body, media_type=media_type, headers=headers)


# Where a browser shows what is no page of ours, a feed or a picture, it asks for the mark at its old place.
routes = [Route("/static/style.css", sheet), Route(ICON_PATH, mark), Route("/favicon.ico", mark)]
