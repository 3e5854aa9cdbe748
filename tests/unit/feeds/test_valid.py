"""The documents are what the W3C validator asks for, and what feedgen prints wrongly is mended."""

from __future__ import annotations

import locale
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import feedparser
import pytest
from lxml import etree

from digest.feeds.entries import EPOCH, Channel, Entry, authority, channel, entry
from digest.feeds.jsonfeed import jsonfeed
from digest.feeds.xml import atom, rss
from digest.model.announcements import Announcement, Enclosure, Picture, Version
from digest.settings import Feed, Site

from . import rules

Make = Callable[..., Any]
A = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
MEDIA = "{http://search.yahoo.com/mrss/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def made(found: Sequence[Announcement], feed: Feed, site: Site) -> tuple[Channel, tuple[Entry, ...]]:
    entries = tuple(entry(each, feed, site) for each in found)
    updated = max((each.updated for each in entries), default=EPOCH)
    return replace(channel(feed, site, host=authority(site)), updated=updated), entries


@pytest.fixture
def rich(announcement: Make, version: Callable[..., Version]) -> list[Announcement]:
    """One with everything, one with next to nothing, one in another language."""
    files = (
        Enclosure(url="https://example.org/a.pdf", type="application/pdf", length=1234),
        Enclosure(url="https://example.org/b.mp3", type="audio/mpeg"),
        Enclosure(url="https://example.org/a.pdf"),
        Enclosure(url="javascript:alert(1)", type="text/html"),
    )
    picture = Picture(url="https://example.org/zinc.png", sha256="ab" * 32, width=640, height=360)
    bare = version(link="", title="", summary="", content="", categories=("", " "), authors=())
    return [
        announcement(3, version(enclosures=files, picture=picture, categories=("Case Study", "Case Study", "R&D"))),
        announcement(2, bare),
        announcement(1, version(language="es", title="Cinc")),
    ]


def check_atom(body: bytes) -> etree._Element:
    """RFC 4287 as the validator reads it, and the current document's own address."""
    root = rules.atom(body)
    selves = [link.get("href") for link in root.findall(f"{A}link") if link.get("rel") == "self"]
    assert selves == ["https://news.example.org/feeds/news.atom"]
    assert not feedparser.parse(body).bozo
    return root


def check_rss(body: bytes) -> etree._Element:
    """RSS 2.0 and the advisory board's profile, as the validator reads them."""
    top = rules.rss(body)
    assert top.findtext("link") == "https://news.example.org"
    link = top.find(f"{A}link")
    assert (link.get("rel"), link.get("href")) == ("self", "https://news.example.org/feeds/news.rss")
    assert not feedparser.parse(body).bozo
    return top.getparent()


def check_json(body: bytes) -> dict[str, Any]:
    """JSON Feed 1.1."""
    document = rules.jsonfeed(body)
    assert document["feed_url"] == "https://news.example.org/feeds/news.json"
    return document


def test_all_three_are_valid_and_say_the_same(rich: list[Announcement], feed: Feed, site: Site) -> None:
    """One id, title, link and date in every format; newest first as given."""
    top, entries = made(rich, feed, site)
    tree, channel_, document = (
        check_atom(atom(top, entries)),
        check_rss(rss(top, entries)),
        check_json(jsonfeed(top, entries)),
    )
    ids = [each.public_id for each in rich]
    assert [x.findtext(f"{A}id") for x in tree.iter(f"{A}entry")] == ids
    assert [x.text for x in channel_.iter("guid")] == ids
    assert [x["id"] for x in document["items"]] == ids
    titles = ["Zinc & tin: a < b", "Untitled", "Cinc"]
    assert [x.findtext(f"{A}title") for x in tree.iter(f"{A}entry")] == titles
    assert [x.findtext("title") for x in channel_.iter("item")] == titles
    assert [x["title"] for x in document["items"]] == titles
    dates = [each.effective_at for each in rich]
    assert [datetime.fromisoformat(x.findtext(f"{A}published")) for x in tree.iter(f"{A}entry")] == dates
    assert [parsedate_to_datetime(x.text) for x in channel_.iter("pubDate")] == dates
    assert [datetime.fromisoformat(x["date_published"]) for x in document["items"]] == dates


def test_an_empty_feed_is_valid_too(feed: Feed, site: Site) -> None:
    """No entry yet, and still a title, an id and a date that stays."""
    top, entries = made([], feed, site)
    assert check_atom(atom(top, entries)).findtext(f"{A}updated") == "2000-01-01T00:00:00+00:00"
    check_rss(rss(top, entries))
    assert check_json(jsonfeed(top, entries))["items"] == []


def test_an_archive_document_is_valid_too(rich: list[Announcement], feed: Feed, site: Site) -> None:
    """It says that it is one, where it stands and what stands around it; the current document is none (RFC 5005)."""
    top, entries = made(rich, feed, site)
    base = "https://news.example.org/feeds/news"
    ways = {}
    for number in (0, 1, 2, 3):
        root = rules.atom(atom(replace(top, archives=3, number=number), entries))
        assert (root.find(f"{rules.FH}archive") is not None) == bool(number)
        ways[number] = {link.get("rel"): link.get("href") for link in root.findall(f"{A}link")}
        assert ways[number].pop("alternate") == "https://news.example.org"
    archive = f"{base}/archive/{{}}.atom".format
    current = f"{base}.atom"
    assert ways == {
        0: {"self": current, "prev-archive": archive(3)},
        3: {"self": archive(3), "prev-archive": archive(2), "current": current},
        2: {"self": archive(2), "prev-archive": archive(1), "next-archive": archive(3), "current": current},
        1: {"self": archive(1), "next-archive": archive(2), "current": current},
    }


def test_links_and_enclosures_keep_all_they_say(rich: list[Announcement], feed: Feed, site: Site) -> None:
    """Each Atom link keeps rel, type and length; RSS takes the first enclosure; no script address goes by."""
    top, entries = made(rich, feed, site)
    first = check_atom(atom(top, entries)).find(f"{A}entry")
    assert [dict(x.attrib) for x in first.findall(f"{A}link")] == [
        {"href": "https://example.org/zinc/", "rel": "alternate", "hreflang": "en"},
        {"href": "https://example.org/a.pdf", "rel": "enclosure", "type": "application/pdf", "length": "1234"},
        {"href": "https://example.org/b.mp3", "rel": "enclosure", "type": "audio/mpeg"},
    ]
    item = check_rss(rss(top, entries)).find("channel/item")
    assert dict(item.find("enclosure").attrib) == {
        "url": "https://example.org/a.pdf",
        "length": "1234",
        "type": "application/pdf",
    }
    attached = check_json(jsonfeed(top, entries))["items"][0]["attachments"]
    assert [x["url"] for x in attached] == ["https://example.org/a.pdf", "https://example.org/b.mp3"]


def test_the_picture_is_ours_where_we_serve_it(rich: list[Announcement], feed: Feed, site: Site) -> None:
    """By its hash at /media/, with its size, in all three."""
    top, entries = made(rich, feed, site)
    url = f"https://news.example.org/media/{'ab' * 32}"
    for tree in (check_atom(atom(top, entries)), check_rss(rss(top, entries))):
        assert [dict(x.attrib) for x in tree.iter(f"{MEDIA}thumbnail")] == [
            {"url": url, "width": "640", "height": "360"}
        ]
    assert check_json(jsonfeed(top, entries))["items"][0]["image"] == url


def test_text_is_text_and_html_is_html(rich: list[Announcement], feed: Feed, site: Site) -> None:
    """Atom says which is which; an RSS description is HTML, so the plain summary is escaped for it."""
    top, entries = made(rich, feed, site)
    first = check_atom(atom(top, entries)).find(f"{A}entry")
    assert first.find(f"{A}summary").attrib == {"type": "text"}
    assert first.findtext(f"{A}summary") == "Recycling 5 < 6 tonnes & more."
    assert first.findtext(f"{A}content") == "<p>Recycled <b>zinc</b> &amp; tin.</p>"
    item = check_rss(rss(top, entries)).find("channel/item")
    assert item.findtext("description") == "Recycling 5 &lt; 6 tonnes &amp; more."
    assert item.findtext(CONTENT) == "<p>Recycled <b>zinc</b> &amp; tin.</p>"


def test_an_entry_in_another_language_says_so(rich: list[Announcement], feed: Feed, site: Site) -> None:
    """xml:lang in Atom, dc:language in RSS, language in JSON; the feed's own needs no repeating."""
    top, entries = made(rich, feed, site)
    tree = check_atom(atom(top, entries))
    assert [tree.get(LANG), *(x.get(LANG) for x in tree.iter(f"{A}entry"))] == ["en", None, None, "es"]
    assert [x.findtext(f"{DC}language") for x in check_rss(rss(top, entries)).iter("item")] == [None, None, "es"]
    assert [x["language"] for x in check_json(jsonfeed(top, entries))["items"]] == ["en", "en", "es"]


def test_authors_by_name_and_the_site_where_there_are_none(rich: list[Announcement], feed: Feed, site: Site) -> None:
    """RSS would swallow a name without an address, so it stands in dc:creator."""
    top, entries = made(rich, feed, site)
    tree = check_atom(atom(top, entries))
    assert tree.findtext(f"{A}author/{A}name") == "Metals News"
    assert [x.findtext(f"{A}author/{A}name") for x in tree.iter(f"{A}entry")] == ["Ann Example", None, "Ann Example"]
    creators = [x.text for x in check_rss(rss(top, entries)).iter(f"{DC}creator")]
    assert creators == ["Ann Example", "Metals News", "Ann Example"]


def test_one_without_a_link_links_to_our_own_page(rich: list[Announcement], feed: Feed, site: Site) -> None:
    """An id is never a link, and a link is never missing."""
    assert made(rich, feed, site)[1][1].link == f"https://news.example.org/announcements/{2:032x}"


def test_the_generator_is_us(rich: list[Announcement], feed: Feed, site: Site) -> None:
    """No library advertises itself."""
    top, entries = made(rich, feed, site)
    assert check_atom(atom(top, entries)).findtext(f"{A}generator") == "Digest"
    assert check_rss(rss(top, entries)).findtext("channel/generator") == "Digest"
    assert b"python-feedgen" not in atom(top, entries) + rss(top, entries)


def test_dates_are_utc_and_whole_seconds_and_printable(
    announcement: Make, version: Callable[..., Version], feed: Feed, site: Site
) -> None:
    """A zone with seconds, a year too early for RFC 822, an update before the publication: all come out right."""
    odd = timezone(timedelta(minutes=19, seconds=32))
    early = datetime(33, 4, 3, tzinfo=UTC)
    late = datetime(2026, 3, 6, 12, 0, 0, 999_999, tzinfo=odd)
    found = [
        announcement(1, version(updated_at=early), effective_at=late),
        announcement(2, version(updated_at=early), effective_at=early, updated_at=early),
    ]
    top, entries = made(found, feed, site)
    check_rss(rss(top, entries))
    first, second = check_atom(atom(top, entries)).findall(f"{A}entry")
    assert first.findtext(f"{A}published") == first.findtext(f"{A}updated") == "2026-03-06T11:40:28+00:00"
    assert second.findtext(f"{A}published") == "1000-01-01T00:00:00+00:00"


def test_the_same_entries_give_the_same_bytes(rich: list[Announcement], feed: Feed, site: Site) -> None:
    """No clock and no chance goes into a document."""
    top, entries = made(rich, feed, site)
    for renderer in (atom, rss, jsonfeed):
        assert renderer(top, entries) == renderer(top, entries)


def test_many_threads_leave_the_locale_alone(rich: list[Announcement], feed: Feed, site: Site) -> None:
    """RSS dates are printed under one lock."""
    top, entries = made(rich * 5, feed, site)
    before = locale.setlocale(locale.LC_ALL)
    threads = [threading.Thread(target=lambda: [rss(top, entries) for _ in range(10)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert locale.setlocale(locale.LC_ALL) == before


def test_a_site_that_moves_keeps_its_ids(feed: Feed) -> None:
    """The feed's id is minted with a host and kept; the addresses follow the site."""
    moved = channel(feed, Site(url="https://new.example.net/sub"), host="news.example.org")
    assert moved.id == "tag:news.example.org,2026:feed/news"
    assert moved.address("atom") == "https://new.example.net/sub/feeds/news.atom"
    assert authority(Site(url="http://[::1]:8080")) == "--1"
