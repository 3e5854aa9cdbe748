"""Pages for what went wrong: plain words, the way back, and never a traceback."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Match

from digest import templating
from digest.errors import TemplateError
from digest.web.page import asked_language, house, page

# Should the templates themselves be broken, this still can be said.
_BARE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Not now</title>
<h1>Not now</h1><p>Something went wrong on our side. Please try again in a few minutes.</p></html>"""


async def refused(request: Request, error: Exception) -> Response:
    """404, 405, 410, 413 and their like."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    if error.status_code < 400:
        return Response(status_code=error.status_code, headers=error.headers)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if error.status_code == 405:
        headers["allow"] = ", ".join(sorted(_allowed(request)))
    return said(request, error.status_code, headers)


async def unavailable(request: Request, _error: Exception) -> Response:
    """The store does not answer."""
    return said(request, 503, {"retry-after": "30"})


async def failed(request: Request, _error: Exception) -> Response:
    """A mistake of ours; it is logged by whoever runs us."""
    return said(request, 500, {})


def said(request: Request, status: int, headers: dict[str, str]) -> Response:
    """The error page for a status."""
    headers = {"cache-control": "no-store", **headers}
    try:
        return page(request, "error", status=status, headers=headers, code=status, language=_spoken(request))
    except TemplateError:
        return HTMLResponse(_BARE, status_code=status, headers=headers)


def _allowed(request: Request) -> set[str]:
    """Every method of the address: an address that shows and acts has two routes, and the first says only its own."""
    routes = (each for each in request.app.routes if each.matches(request.scope)[0] is not Match.NONE)
    return {method for each in routes for method in each.methods or ()}


def _spoken(request: Request) -> str:
    """The language to tell it in: whose link was cut short is not known, but what their browser speaks is."""
    known = templating.languages(house(request).templates)
    wanted = [part.partition(";")[0].strip().lower() for part in request.headers.get("accept-language", "").split(",")]
    wanted = [asked_language(request, ""), *wanted]
    tags = (tag if tag in known else tag.partition("-")[0] for tag in wanted)
    return next((tag for tag in tags if tag in known), "")
