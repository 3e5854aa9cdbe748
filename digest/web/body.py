"""What came with a request, up to a size."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request


async def read(request: Request, most: int) -> bytes:
    """The whole body; 413 beyond `most` bytes, and 400, which nobody sees, when the rest of it never comes."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise HTTPException(413)
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > most:
                raise HTTPException(413)
    except ClientDisconnect:
        raise HTTPException(400) from None
    return bytes(body)
