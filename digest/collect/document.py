"""From bytes to items that are identified and clean: what is done apart, in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from digest.collect.apart import apart
from digest.collect.identify import Habits, Known, ident_of, identify
from digest.collect.parse import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How to read a document: as what, by which selectors, in whose habits, and when."""

    kind: str
    habits: Habits
    now: datetime
    select: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A document with its items identified; the rest as in `Document`."""

    items: tuple[Known, ...]
    language: str
    minutes: int
    next_link: str
    deleted: tuple[str, ...]
    complaints: tuple[str, ...]


async def read(how: How, body: bytes, *, url: str, content_type: str = "") -> Read:
    """The document, read apart; raises ParseError naming the URL."""
    found: Read = await apart("digest.collect.document:read_here", how, body, url, content_type, about=url)
    return found


def read_here(how: How, body: bytes, url: str, content_type: str) -> Read:
    """The same in this process."""
    document = _parsed(how, body, url, content_type)
    return Read(
        items=tuple(
            identify(item, how.habits, document_language=document.language, now=how.now)
            for item in document.items
            # What says nothing at all is no announcement.
            if item.title or item.summary or item.content or item.link
        ),
        language=document.language,
        minutes=document.minutes,
        next_link=document.next_link,
        deleted=tuple(map(ident_of, document.deleted)),
        complaints=document.complaints,
    )


def _parsed(how: How, body: bytes, url: str, content_type: str) -> Document:
    # Each kind brings a library of its own.
    if how.kind == "page":
        from digest.collect.parse.page import parse_page

        return parse_page(body, url=url, select=how.select or {}, content_type=content_type)
    if how.kind == "wordpress":
        from digest.collect.parse.wordpress import parse_posts

        return parse_posts(body, url=url)
    if how.kind == "hook":
        from digest.collect.parse.jsonfeed import parse_pushed

        return parse_pushed(body, url=url)
    from digest.collect.parse.feed import parse_feed

    return parse_feed(body, url=url, content_type=content_type)
