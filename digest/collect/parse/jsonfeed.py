"""JSON Feed 1.0 and 1.1 -> items as read."""

from __future__ import annotations

import html
from typing import Any

from digest.collect.parse import Document, ReadItem
from digest.collect.parse.jsonvalues import each, facts, load, member, words
from digest.errors import ParseError
from digest.model.announcements import Enclosure

MOST_PUSHED = 100


def parse_json_feed(body: bytes, *, url: str) -> Document:
    """The items of a JSON Feed; raises ParseError naming the URL."""
    feed = load(body, url=url)
    if "jsonfeed.org" not in words(member(feed, "version")) or not isinstance(member(feed, "items"), list):
        raise ParseError("JSON, but not a JSON Feed", about=url)
    items = tuple(_item(found, url) for found in each(feed["items"]) if isinstance(found, dict))
    return Document(items=items, language=words(member(feed, "language")))


def parse_pushed(body: bytes, *, url: str) -> Document:
    """What a site sends by itself: one item of a JSON Feed, a list of them, or a whole feed.

    One with `"deleted": true` is only named. Raises ParseError naming the URL.
    """
    said = load(body, url=url)
    listed = said if isinstance(said, list) else said.get("items", [said]) if isinstance(said, dict) else None
    if not isinstance(listed, list) or not all(isinstance(found, dict) for found in listed) or not listed:
        raise ParseError("not an announcement, nor a list of them (JSON Feed items)", about=url)
    if len(listed) > MOST_PUSHED:
        raise ParseError(f"more than {MOST_PUSHED} announcements at once", about=url)
    gone = [words(found.get("id")) for found in listed if found.get("deleted") is True]
    kept = [found for found in listed if found.get("deleted") is not True]
    for number, found in enumerate(kept, start=1):
        if not (words(found.get("id")) or words(found.get("url"))) or not words(found.get("title")):
            raise ParseError(f"announcement {number} needs a title, and an id or a url", about=url)
    if not all(gone):
        raise ParseError("what is deleted needs its id", about=url)
    return Document(items=tuple(_item(found, url) for found in kept), deleted=tuple(gone))


def _item(found: dict[str, Any], url: str) -> ReadItem:
    plain = html.escape(words(found.get("content_text")))
    picture = words(found.get("image")) or words(found.get("banner_image"))
    return ReadItem(
        guid=words(found.get("id")),
        link=words(found.get("url")) or words(found.get("external_url")),
        base=url,
        title=words(found.get("title")),
        summary=html.escape(words(found.get("summary"))),
        content=words(found.get("content_html")) or plain.replace("\n\n", "<br><br>"),
        published=words(found.get("date_published")),
        updated=words(found.get("date_modified")),
        language=words(found.get("language")),
        translation_of=words(found.get("translation_of")) or words(found.get("_translation_of")),
        categories=tuple(words(tag) for tag in each(found.get("tags"))),
        authors=_authors(found),
        picture=picture,
        enclosures=tuple(_enclosure(file) for file in each(found.get("attachments")) if words(member(file, "url"))),
        facts=facts(found),
    )


def _authors(found: dict[str, Any]) -> tuple[str, ...]:
    authors = [*each(found.get("authors")), found.get("author")]
    return tuple(name for author in authors if (name := words(member(author, "name"))))


def _enclosure(file: Any) -> Enclosure:
    size = member(file, "size_in_bytes")
    return Enclosure(
        url=words(member(file, "url")),
        type=words(member(file, "mime_type")) or "application/octet-stream",
        length=size if isinstance(size, int) and 0 <= size < 10**15 else 0,
    )
