"""JSON Feed 1.1."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from digest.feeds.entries import Channel, Entry
from digest.model.announcements import Enclosure


def jsonfeed(channel: Channel, entries: Iterable[Entry]) -> bytes:
    """The feed as JSON Feed; UTF-8, an item a line, the same bytes for the same entries."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.site_url,
        "feed_url": channel.address("json"),
        "description": channel.description,
        "language": channel.language,
        "authors": [{"name": channel.author, "url": channel.site_url}],
    }
    # Indenting would have the library encode in Python, at a tenth of the speed.
    items = ",\n".join(json.dumps(_item(each), ensure_ascii=False) for each in entries)
    top = json.dumps(document, ensure_ascii=False, indent=1).removesuffix("\n}")
    return f'{top},\n "items": [\n{items}\n]}}\n'.encode()


def _item(entry: Entry) -> dict[str, Any]:
    """Empty fields are left out, but for the content, which the format requires."""
    optional = {
        "summary": entry.summary,
        "image": entry.picture.url if entry.picture else "",
        "authors": [{"name": name} for name in entry.authors],
        "tags": list(entry.categories),
        "attachments": [_attachment(each) for each in entry.enclosures],
    }
    return {
        "id": entry.id,
        "url": entry.link,
        "title": entry.title,
        **({"content_html": entry.content} if entry.content else {"content_text": entry.summary or entry.title}),
        "date_published": entry.published.isoformat(),
        "date_modified": entry.updated.isoformat(),
        "language": entry.language,
        **{name: value for name, value in optional.items() if value},
    }


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    size = {"size_in_bytes": enclosure.length} if enclosure.length else {}
    return {"url": enclosure.url, "mime_type": enclosure.type, **size}
