"""Feeds that are odd but whole, read by feedparser with its own cleaning off: ours is stricter and faster."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import feedparser

from digest.collect.parse import Document, ReadItem
from digest.model.announcements import Enclosure


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
    contents = [
        _html(each) for each in entry.get("content") or () if "html" in each.get("type", "") or each.get("value")
    ]
    return ReadItem(
        guid=str(entry.get("id") or ""),
        link=str(entry.get("link") or ""),
        base=str(title.get("base") or url),
        title=str(title.get("value") or ""),
        title_is_html="html" in str(title.get("type")),
        summary=_html(entry.get("summary_detail") or {}),
        content=contents[0] if contents else "",
        published=str(entry.get("published") or entry.get("updated") or ""),
        updated=str(entry.get("updated") or ""),
        language=str(title.get("language") or ""),
        categories=tuple(str(tag.get("label") or tag.get("term") or "") for tag in entry.get("tags") or ()),
        authors=tuple(str(author.get("name") or "") for author in entry.get("authors") or ()),
        enclosures=tuple(_enclosure(each) for each in entry.get("enclosures") or () if each.get("href")),
    )


def _html(detail: Mapping[str, Any]) -> str:
    value = str(detail.get("value") or "")
    return html.escape(value) if detail.get("type") == "text/plain" and "<" not in value else value


def _enclosure(found: Mapping[str, Any]) -> Enclosure:
    length = str(found.get("length") or "")
    return Enclosure(
        url=str(found["href"]),
        type=str(found.get("type") or "application/octet-stream"),
        length=int(length[:15]) if length.isascii() and length.isdigit() else 0,
    )
