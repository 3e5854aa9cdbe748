"""Feeds that are odd but whole, read by feedparser with its own cleaning off: ours is stricter and faster."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

import feedparser
from feedparser.mixin import _FeedParserMixin

from digest.collect.parse import Document, ReadItem
from digest.model.announcements import Enclosure

# A guid is no link: it stays as it was written, as where a feed is not odd.
_FeedParserMixin.can_be_relative_uri = _FeedParserMixin.can_be_relative_uri - {"id"}


def parse_odd_feed(body: bytes, *, url: str, content_type: str) -> Document:
    """The items that feedparser finds; it may raise anything."""
    # Bytes only: a string would be taken for a URL or a file name.
    found = feedparser.parse(
        body,
        sanitize_html=False,
        resolve_relative_uris=False,
        response_headers={"content-type": content_type or "application/xml", "content-location": url},
    )
    return Document(
        items=tuple(_item(entry, url) for entry in found.entries),
        language=str(found.feed.get("language") or ""),
        complaints=("its XML is not well-formed; read all the same",),
    )


def _item(entry: Mapping[str, Any], url: str) -> ReadItem:
    title = entry.get("title_detail") or {}
    guid, link = str(entry.get("id") or ""), str(entry.get("link") or "")
    content: Mapping[str, Any] = next((each for each in entry.get("content") or () if each.get("value")), {})
    summary = entry.get("summary_detail") or {}
    own_base = str((content or summary).get("base") or "")
    return ReadItem(
        guid=guid,
        # It takes any guid for a link, where there is none.
        link="" if link == guid and not guid.startswith(("http://", "https://")) else link,
        base=str(title.get("base") or url),
        text_base="" if own_base == url else own_base,
        title=str(title.get("value") or ""),
        title_is_html="html" in str(title.get("type")),
        summary=_html(summary),
        content=_html(content),
        published=str(entry.get("published") or entry.get("updated") or ""),
        updated=str(entry.get("updated") or ""),
        language=str(title.get("language") or ""),
        categories=tuple(str(tag.get("label") or tag.get("term") or "") for tag in entry.get("tags") or ()),
        authors=tuple(str(author.get("name") or "") for author in entry.get("authors") or ()),
        picture=next(_pictures(entry), ""),
        enclosures=tuple(_enclosure(each) for each in entry.get("enclosures") or () if each.get("href")),
    )


def _html(detail: Mapping[str, Any]) -> str:
    value = str(detail.get("value") or "")
    return html.escape(value) if detail.get("type") == "text/plain" and "<" not in value else value


def _pictures(entry: Mapping[str, Any]) -> Iterator[str]:
    for each in (*(entry.get("media_content") or ()), *(entry.get("media_thumbnail") or ())):
        if str(each.get("medium") or each.get("type") or "image").startswith("image"):
            yield str(each.get("url") or "")
    for each in entry.get("enclosures") or ():
        if str(each.get("type")).startswith("image/"):
            yield str(each.get("href") or "")


def _enclosure(found: Mapping[str, Any]) -> Enclosure:
    length = str(found.get("length") or "")
    return Enclosure(
        url=str(found["href"]),
        type=str(found.get("type") or "application/octet-stream"),
        length=int(length[:15]) if length.isascii() and length.isdigit() else 0,
    )
