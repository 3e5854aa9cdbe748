"""Pictures that we serve ourselves, so that nobody else learns who reads."""

from __future__ import annotations

import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from digest.store import media
from digest.web.conditional import given, not_modified
from digest.web.page import house

_SHA256 = re.compile(r"[0-9a-f]{64}")


async def picture(request: Request) -> Response:
    """The bytes of that hash, which never change; only what the store knows as a picture."""
    name = request.path_params["sha256"]
    if not _SHA256.fullmatch(name):
        raise HTTPException(404)
    at = house(request)
    async with at.store.glance() as tx:
        known = await media.get(tx, name)
    path = at.settings.media_folder / name
    if known is None or not known.type.startswith("image/") or not path.is_file():
        raise HTTPException(404)
    if not_modified(
        f'"{name}"', None, if_none_match=given(request.headers.raw, b"if-none-match"), if_modified_since=()
    ):
        return Response(status_code=304, headers=_headers(name))
    return FileResponse(path, media_type=known.type, headers=_headers(name))


def _headers(name: str) -> dict[str, str]:
    return {
        "etag": f'"{name}"',
        "cache-control": "public, max-age=31536000, immutable",
        # Opened by itself, a picture may do nothing at all.
        "content-security-policy": "default-src 'none'; sandbox",
    }


routes = [Route("/media/{sha256}", picture)]
