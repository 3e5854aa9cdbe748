"""What a feed is answered with: the headers of every 200 and 304, and a whole answer as bytes; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from digest.web.conditional import imf_fixdate
from digest.web.shelf import Form, Served

Headers = list[tuple[bytes, bytes]]

_ALWAYS: Headers = [
    (b"vary", b"accept-encoding, sec-fetch-dest"),
    (b"cache-control", b"public, max-age=300"),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"etag"),
    (b"x-content-type-options", b"nosniff"),
]
_STATUS_LINES = {200: b"HTTP/1.1 200 OK\r\n", 304: b"HTTP/1.1 304 Not Modified\r\n"}


def headers(status: int, served: Served, form: Form, now: datetime) -> Headers:
    """Of a 200, or of a 304, which has all of them but what describes a body (RFC 9110, 15.4.5).

    A second change within one second is stamped a second ahead: no date is sent before it has come.
    """
    made = [(b"etag", form.etag.encode())]
    if served.changed_at is not None:
        made.append((b"last-modified", imf_fixdate(min(served.changed_at, now)).encode()))
    return [*made, *_ALWAYS, *(() if status == 304 else (*served.headers, *form.headers))]


def whole(status: int, given: Iterable[tuple[bytes, bytes]], body: bytes) -> bytes:
    """An answer as it goes over the connection (RFC 9112)."""
    lines = b"".join(b"%b: %b\r\n" % pair for pair in given)
    return b"".join((_STATUS_LINES[status], lines, b"\r\n", body))
