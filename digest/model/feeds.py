"""A feed as it is served: one document for each feed, part, format and encoding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

CURRENT = "current"
"""The part that readers poll; archive documents are parts of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentHead:
    """All that is known of a document but its bytes."""

    feed: str
    part: str = CURRENT
    format: str
    """atom, rss or json."""
    encoding: str
    """identity or gzip."""
    etag: str
    """Strong, with its quotes; another one for each encoding."""
    changed_at: datetime
    """When the bytes last changed, in whole seconds, later at each change."""
    updated_at: datetime
    """What the document says of itself, in whole seconds, later at each change."""
    fingerprint: str
    """Over all that the document was made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocument(DocumentHead):
    """A document with the very bytes that go out."""

    body: bytes
