"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from digest.errors import StoreError
from digest.store import migrate
from digest.web.page import house

_NO_STORE = {"cache-control": "no-store"}


async def live(_request: Request) -> Response:
    """200 as long as the loop turns."""
    return JSONResponse({"status": "live"}, headers=_NO_STORE)


async def ready(request: Request) -> Response:
    """200 when the store answers and its schema is this version's, else 503; no detail goes out."""
    try:
        await migrate.ready(house(request).store)
    except StoreError:
        return JSONResponse({"status": "store"}, status_code=503, headers=_NO_STORE)
    return JSONResponse({"status": "ready"}, headers=_NO_STORE)


routes = [Route("/health/live", live), Route("/health/ready", ready)]
