"""A poll, the request that a feed reader makes all day, read from its bytes and answered as bytes; pure.

Only the plainest is read here: one whole GET of a current document, or of a page that is the same for everybody,
without a body and without anything that asks for a change of the connection. Whatever else comes is left to the HTTP
library, so nothing here need be lenient.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from digest.web.conditional import not_modified, prefers_gzip
from digest.web.shelf import Form, Served

LONGEST = 4_096
"""The longest head that is read here, in bytes."""

PAGE = rb"/(?:(?:subscribe|editions|announcements)/[a-z0-9_/-]{1,100})?(?:\?lang=[A-Za-z0-9-]{1,40})?"
"""The pages, of which nothing but path and language decides what they say. No path here bears anybody's token."""

# RFC 9112, sections 3 and 5: tokens, visible characters, no folded line. No two parts can match the same
# character, so it is linear.
_REQUEST = re.compile(
    rb"GET (?:/feeds/([a-z][a-z0-9_]*)\.(atom|rss|json)(?:\?[!-~]*)?|(" + PAGE + rb")) HTTP/1\.1\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*\r\n)+)\r\n"
)
# What gives the request a body, or the connection another use.
_NOT_PLAIN = frozenset(
    {
        b"connection",
        b"content-length",
        b"transfer-encoding",
        b"expect",
        b"upgrade",
        b"te",
        b"trailer",
    }
)


@dataclass(frozen=True, slots=True)
class Poll:
    """What a poll asks for, and the headers that decide the answer, by lower-case name.

    Either a feed in a format, or a page by its path and query.
    """

    slug: str
    form: str
    page: str
    headers: Mapping[bytes, bytes]


@lru_cache(maxsize=1_024)
def read(data: bytes) -> Poll | None:
    """The poll that these bytes are, from the first to the last; None for anything else.

    Remembered, because readers are many and reading programs few: most polls are alike to the last byte.
    """
    found = _REQUEST.fullmatch(data) if len(data) <= LONGEST else None
    if found is None:
        return None
    headers = {}
    lines = found[4].split(b"\r\n")[:-1]
    for line in lines:
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip(b" \t")
    if headers.get(b"connection", b"").lower() == b"keep-alive":
        del headers[b"connection"]
        lines.pop()
    # A name twice over needs thought, and a request without its host is refused (RFC 9112, 3.2).
    if len(headers) != len(lines) or b"host" not in headers or not _NOT_PLAIN.isdisjoint(headers):
        return None
    if found[3] is not None:
        return Poll("", "", found[3].decode(), headers)
    # A feed that a person opens is shown to them in another way.
    return None if b"sec-fetch-dest" in headers else Poll(found[1].decode(), found[2].decode(), "", headers)


def form_of(served: Served, poll: Poll) -> Form:
    """The encoding that is liked best."""
    accepted = poll.headers.get(b"accept-encoding")
    return served.gzip if accepted is not None and _likes_gzip(accepted) else served.identity


def is_current(served: Served, form: Form, poll: Poll) -> bool:
    """Whether the reader has this form already, so that 304 is the answer."""
    tags, since = poll.headers.get(b"if-none-match"), poll.headers.get(b"if-modified-since")
    if tags is None and since is None:
        return False
    return not_modified(
        form.etag,
        served.changed_at,
        if_none_match=() if tags is None else (tags.decode("latin-1"),),
        if_modified_since=() if since is None else (since.decode("latin-1"),),
    )


@lru_cache(maxsize=256)
def _likes_gzip(accepted: bytes) -> bool:
    return prefers_gzip((accepted.decode("latin-1"),))
