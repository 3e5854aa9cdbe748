"""`digest sources test` finds out what an address offers, and changes nothing."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator

import pytest

from digest.settings import Source
from tests.builders import Desk, folder_source
from tests.sites import Site

ITEM = "<item><title>Number {0}</title><guid>{0}</guid><pubDate>0{0} May 2025 08:00 GMT</pubDate></item>"
FEED = f"<rss version='2.0'><channel><title>x</title>{''.join(ITEM.format(n) for n in (1, 2))}</channel></rss>".encode()
ROW = '<div class="card"><h3><a href="/n/{0}">Number {0}</a></h3><span class="date">{0} May 2025</span></div>'
LISTING = "".join(ROW.format(n) for n in (1, 2, 3))
POSTS = [
    {"id": n, "link": f"https://example.org/{n}", "title": {"rendered": f"Post {n}"}, "date_gmt": "2025-05-01T08:00:00"}
    for n in (1, 2, 3, 4)
]


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


def page(head: str = "") -> bytes:
    menu = "<ul><li><a href=/a>About</a></li><li><a href=/b>Contact</a></li></ul>"
    return f"<!doctype html><html><head>{head}</head><body>{menu}<main>{LISTING}</main></body></html>".encode()


def test_a_page_that_names_its_feed(desk: Desk, site: Site) -> None:
    """The feed comes first, then the page; the section printed is one that we read."""
    desk.declare(sources=folder_source(desk.folder))
    link = '<link rel="alternate" type="application/rss+xml" href="/rss?a=1&amp;b=2">'
    site.serve("/", page(link), Content_Type="text/html")
    site.serve("/rss", FEED, Content_Type="application/rss+xml")
    found = desk.done("sources", "test", f"{site.url}/", "--json").json()
    assert ("feed", f"{site.url}/rss?a=1&b=2", 2) == (found["kind"], found["url"], len(found["items"]))
    assert ["feed", "page", "wordpress"] == sorted(each["kind"] for each in found["offers"])
    (section,) = tomllib.loads(found["toml"])["sources"].values()
    assert found["url"] == Source.model_validate(section | {"slug": "x"}).url
    assert [] == desk.done("announcements", "list", "--json").json()


def test_a_wordpress(desk: Desk, site: Site) -> None:
    """The REST interface is found though no page names it, and comes before the feed."""
    desk.declare(sources=folder_source(desk.folder))
    site.serve("/news/", page(), Content_Type="text/html")
    site.serve("/wp-json/wp/v2/posts", json.dumps(POSTS).encode(), Content_Type="application/json")
    found = desk.done("sources", "test", f"{site.url}/news/", "--json").json()
    assert ("wordpress", f"{site.url}/", 4) == (found["kind"], found["url"], len(found["items"]))


def test_a_listing_page(desk: Desk, site: Site) -> None:
    """Selectors are guessed, and what each of them matches is shown."""
    desk.declare(sources=folder_source(desk.folder))
    site.serve("/", page(), Content_Type="text/html")
    found = desk.done("sources", "test", f"{site.url}/", "--json").json()
    matched = {each["key"]: (each["selector"], each["matches"], each["first"]) for each in found["selectors"]}
    assert ("page", 3) == (found["kind"], len(found["items"]))
    assert {
        "item": (".card", 3, "Number 1 1 May 2025"),
        "title": ("h3 a", 3, "Number 1"),
        "date": ("time, .date", 3, "1 May 2025"),
    } == matched
    assert '[sources.site_127_0_0]\nkind = "page"' in found["toml"]
    said = desk.done("sources", "test", f"{site.url}/", COLUMNS="200").out
    assert ("Matches" in said, "select = {" in said) == (True, True)


def test_what_offers_nothing(desk: Desk, site: Site) -> None:
    """Each way says why not; exit 1."""
    desk.declare(sources=folder_source(desk.folder))
    site.serve("/", b"<!doctype html><p>Hello</p>", Content_Type="text/html")
    ran = desk.run("sources", "test", f"{site.url}/")
    assert (1, True) == (ran.status, "404" in ran.err)
    assert 1 == desk.run("sources", "test", "http://10.0.0.1/").status
