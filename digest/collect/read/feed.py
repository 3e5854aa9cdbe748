"""Ask for a feed, conditionally."""

from __future__ import annotations

import re
from hashlib import sha256

from digest.collect.document import read
from digest.collect.read.reading import Asked, Reading
from digest.fetch import Fetcher, Response

ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=\"?(\d{1,8})", re.IGNORECASE)


async def read_feed(url: str, fetcher: Fetcher, asked: Asked, *, own: str) -> Reading:
    """The feed's items, or nothing new; raises FetchError, ParseError."""
    same = asked.url == url
    response = await fetcher.get(
        url,
        own=own,
        etag=asked.etag if same else "",
        last_modified=asked.last_modified if same else "",
        accept=ACCEPT,
    )
    moved_to = response.url if response.moved_for_good else ""
    before, count, wished = (*asked.body_hash.split(":"), "", "")[:3] if same else ("", "", "")
    body_hash = sha256(response.body).hexdigest()
    if response.not_modified or before == body_hash:
        # It is as it was, though not all say so; what it wished then it wishes still.
        return Reading(
            not_modified=True,
            count=0 if response.not_modified else int(count),
            moved_to=moved_to,
            minutes=max(int(wished or 0), fresh_minutes(response)),
            url=url,
            etag=asked.etag if response.not_modified else response.etag,
            last_modified=asked.last_modified if response.not_modified else response.last_modified,
            body_hash=asked.body_hash,
        )
    document = await read(asked.how, response.body, url=response.url, content_type=response.content_type)
    # A partial answer and an empty document must be asked for again in full.
    keep = bool(document.items or document.deleted) and response.status == 200
    return Reading(
        items=document.items,
        deleted=document.deleted,
        minutes=max(document.minutes, fresh_minutes(response)),
        moved_to=moved_to,
        url=url,
        etag=response.etag if keep else "",
        last_modified=response.last_modified if keep else "",
        body_hash=f"{body_hash}:{len(document.items)}:{document.minutes}" if keep else "",
        complaints=document.complaints if document.items else (*document.complaints, "the feed is empty"),
    )


def fresh_minutes(response: Response) -> int:
    """How long the host says its answer stays fresh."""
    found = _MAX_AGE.search(response.headers.get("cache-control", ""))
    return int(found[1]) // 60 if found else 0
