"""What the specifications allow in each place, as tables: names, how often, and what a value looks like."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from lxml import etree

A = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
FH = "{http://purl.org/syndication/history/1.0}"
MEDIA = "{http://search.yahoo.com/mrss/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"

Often = tuple[int, int | None]
ONE, MAYBE, MANY, SOME = (1, 1), (0, 1), (0, None), (1, None)

# RFC 4287, section 4.1, as far as we use it; RFC 5005, section 4; Media RSS.
ATOM_FEED: Mapping[str, Often] = {
    f"{A}{name}": often
    for name, often in {
        "id": ONE, "title": ONE, "updated": ONE, "author": SOME, "link": SOME, "generator": MAYBE, "subtitle": MAYBE,
        "entry": MANY,
    }.items()
} | {f"{FH}archive": MAYBE}  # fmt: skip
ATOM_ENTRY: Mapping[str, Often] = {
    f"{A}{name}": often
    for name, often in {
        "id": ONE, "title": ONE, "updated": ONE, "published": ONE, "author": MANY, "link": SOME, "category": MANY,
        "content": MAYBE, "summary": MAYBE,
    }.items()
} | {f"{MEDIA}thumbnail": MAYBE}  # fmt: skip
# RSS 2.0 and the advisory board's profile: one enclosure, no author that is no e-mail address.
RSS_CHANNEL: Mapping[str, Often] = {
    "title": ONE, "link": ONE, "description": ONE, "language": ONE, "lastBuildDate": ONE, "generator": MAYBE,
    "docs": MAYBE, f"{A}link": ONE, "item": MANY,
}  # fmt: skip
RSS_ITEM: Mapping[str, Often] = {
    "title": ONE, "link": ONE, "guid": ONE, "pubDate": ONE, "description": MAYBE, "category": MANY, "enclosure": MAYBE,
    CONTENT: MAYBE, f"{DC}creator": SOME, f"{DC}language": MAYBE, f"{MEDIA}thumbnail": MAYBE,
}  # fmt: skip
# JSON Feed 1.1.
JSON_FEED = {"version", "title", "home_page_url", "feed_url", "description", "language", "authors", "items"}
JSON_ITEM = {"id", "url", "title", "date_published", "date_modified", "language"}
JSON_OPTIONAL = {"content_html", "content_text", "summary", "image", "authors", "tags", "attachments"}

_WEB = re.compile(r"https?://[!-~]+")
_TAG_URI = re.compile(r"tag:[a-z0-9.-]+,\d{4}(-\d\d){0,2}:[!-~]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
_RFC_822 = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")


def atom(body: bytes) -> etree._Element:
    """An Atom document by the tables; its root."""
    root = etree.fromstring(body)
    assert root.tag == f"{A}feed"
    _held(root, ATOM_FEED)
    for each in [root, *root.findall(f"{A}entry")]:
        assert _TAG_URI.fullmatch(each.findtext(f"{A}id"))
        assert each.findtext(f"{A}title").strip()
        for date in (*each.findall(f"{A}updated"), *each.findall(f"{A}published")):
            assert _RFC_3339.fullmatch(date.text)
        assert LANG not in each.attrib or _LANGUAGE.fullmatch(each.get(LANG))
        _links(each)
        assert all(x.findtext(f"{A}name") for x in each.findall(f"{A}author"))
        assert all(x.get("term") for x in each.findall(f"{A}category"))
    for each in root.findall(f"{A}entry"):
        _held(each, ATOM_ENTRY)
        assert each.findtext(f"{A}updated") >= each.findtext(f"{A}published")
        assert {x.get("type") for x in each.findall(f"{A}content")} <= {"html"}
        assert {x.get("type") for x in each.findall(f"{A}summary")} <= {"text"}
    ids = [x.text for x in root.iter(f"{A}id")]
    assert len(ids) == len(set(ids))
    return root


def _links(each: etree._Element) -> None:
    links = each.findall(f"{A}link")
    assert all(_WEB.fullmatch(x.get("href")) for x in links)
    assert all(_MEDIA_TYPE.fullmatch(x.get("type")) for x in links if x.get("type"))
    assert all(_LANGUAGE.fullmatch(x.get("hreflang")) for x in links if x.get("hreflang"))
    # No two alternates of the same type and language (4.1.1); of what leads through the history one each.
    only = Counter(x.get("rel") for x in links if x.get("rel") != "enclosure")
    assert set(only.values()) == {1}
    assert only["alternate"] == 1


def rss(body: bytes) -> etree._Element:
    """An RSS document by the tables; its channel."""
    root = etree.fromstring(body)
    assert (root.tag, root.get("version"), len(root)) == ("rss", "2.0", 1)
    channel: etree._Element = root[0]
    _held(channel, RSS_CHANNEL)
    assert _LANGUAGE.fullmatch(channel.findtext("language"))
    for each in channel.findall("item"):
        _held(each, RSS_ITEM)
        assert each.find("guid").get("isPermaLink") == "false"
        assert _RFC_822.fullmatch(each.findtext("pubDate"))
        assert parsedate_to_datetime(each.findtext("pubDate")).tzinfo is not None
        assert _WEB.fullmatch(each.findtext("link"))
        for file in each.findall("enclosure"):
            assert _WEB.fullmatch(file.get("url"))
            assert file.get("length").isdigit()
            assert _MEDIA_TYPE.fullmatch(file.get("type"))
        for name in ("title", "category", f"{DC}creator", f"{DC}language"):
            assert all(x.text.strip() for x in each.findall(name))
    guids = [x.text for x in channel.iter("guid")]
    assert len(guids) == len(set(guids))
    return channel


def jsonfeed(body: bytes) -> dict[str, Any]:
    """A JSON Feed by the tables."""
    document: dict[str, Any] = json.loads(body.decode("utf-8"))
    assert set(document) == JSON_FEED
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    for item in document["items"]:
        assert set(item) >= JSON_ITEM
        assert set(item) <= JSON_ITEM | JSON_OPTIONAL
        assert ("content_html" in item) != ("content_text" in item)
        assert all(item.values())
        assert _WEB.fullmatch(item["url"])
        assert _WEB.fullmatch(item.get("image", "https://x"))
        for date in ("date_published", "date_modified"):
            assert _RFC_3339.fullmatch(item[date])
            assert datetime.fromisoformat(item[date]).tzinfo is not None
        for file in item.get("attachments", ()):
            assert _WEB.fullmatch(file["url"])
            assert _MEDIA_TYPE.fullmatch(file["mime_type"])
            assert file.get("size_in_bytes", 1) > 0
        assert all(isinstance(each, str) and each for each in item.get("tags", ()))
    ids = [item["id"] for item in document["items"]]
    assert len(ids) == len(set(ids))
    return document


def _held(element: etree._Element, table: Mapping[str, Often]) -> None:
    """Nothing but what the table names, each as often as it says."""
    found = Counter(each.tag for each in element)
    assert set(found) <= set(table)
    for name, (least, most) in table.items():
        assert least <= found[name], name
        assert most is None or found[name] <= most, name
