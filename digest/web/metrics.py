"""`/metrics`: figures for whoever has the secret; where none is declared there is no such page."""

from __future__ import annotations

import secrets

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.service import figures
from digest.service.house import now
from digest.web.page import house


async def metrics(request: Request) -> Response:
    """The text format of Prometheus, for `Authorization: Bearer SECRET` (RFC 6750); compared in constant time."""
    at = house(request)
    secret = at.settings.web.metrics
    if secret is None:
        raise HTTPException(404)
    given = request.headers.get("authorization", "").encode()
    if not secrets.compare_digest(given, f"Bearer {secret.get_secret_value()}".encode()):
        return Response(status_code=401, headers={"www-authenticate": "Bearer", "cache-control": "no-store"})
    text = await figures.told(at, now())
    return Response(text, headers={"content-type": figures.MEDIA_TYPE, "cache-control": "no-store"})


routes = [Route("/metrics", metrics, methods=["GET"])]
