"""What a person or a mail program posts: small, and read leniently."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from digest.web import body

LARGEST = 64 * 1024
MOST_FIELDS = 50

Form = dict[str, str]


async def read(request: Request) -> Form:
    """The fields of a form, urlencoded or multipart (RFC 7578), the last of each name; files are passed over.

    413 for more than 64 kB. What cannot be read as a form has no fields: the address alone must then do.
    """
    sent = await body.read(request, LARGEST)
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        return await _multipart(request.headers, sent)
    try:
        pairs = parse_qsl(sent.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    return dict(pairs)


async def _multipart(headers: Headers, sent: bytes) -> Form:
    async def stream() -> AsyncIterator[bytes]:
        yield sent

    parser = MultiPartParser(headers, stream(), max_files=MOST_FIELDS, max_fields=MOST_FIELDS)  # type: ignore[arg-type]
    try:
        found = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError):
        return {}
    fields = {name: value for name, value in found.multi_items() if isinstance(value, str)}
    await found.close()
    return fields
