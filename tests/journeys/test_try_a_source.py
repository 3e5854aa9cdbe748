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


def test_a_feed_that_is_sent_as_a_page(desk: Desk, site: Site) -> None:
    """Many servers send a feed as text/html; it is one."""
    desk.declare(sources=folder_source(desk.folder))
    site.serve("/rss", FEED, Content_Type="text/html; charset=utf-8")
    found = desk.done("sources", "test", f"{site.url}/rss", "--json").json()
    assert ("feed", 2) == (found["kind"], len(found["items"]))


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


def test_a_listing_page_without_dates(desk: Desk, site: Site) -> None:
    """The section says that there are none, and read by it the page gives the same."""
    desk.declare(sources=folder_source(desk.folder))
    site.serve("/", page().replace(b'class="date"', b""), Content_Type="text/html")
    found = desk.done("sources", "test", f"{site.url}/", "--json").json()
    desk.declare(sources=found["toml"])
    assert [3, 3] == [len(found["items"]), desk.done("collect", "--json").json()[0]["new"]]


def test_what_offers_nothing(desk: Desk, site: Site) -> None:
    """Each way says why not; exit 1."""
    desk.declare(sources=folder_source(desk.folder))
    site.serve("/", b"<!doctype html><p>Hello</p>", Content_Type="text/html")
    ran = desk.run("sources", "test", f"{site.url}/")
    reasons = ("404", "names no feed", "no list of entries")
    assert (1, [True] * 3) == (ran.status, [words in " ".join(ran.err.split()) for words in reasons])
    assert 1 == desk.run("sources", "test", "http://10.0.0.1/").status


BAD = """<link rel="alternate" type="application/rss+xml" href="http://[x"><link rel="alternate"
type="application/atom+xml" href="http://xn--/"><link rel="https://api.w.org/" href="javascript:1"><base href="http://[x">"""


def test_addresses_that_are_none_on_a_page(desk: Desk, site: Site) -> None:
    """What the page names wrongly is left out, and the page is read all the same, however it is asked for."""
    desk.declare(sources=folder_source(desk.folder))
    site.serve("/", page(BAD), Content_Type="text/html")
    assert "page" == desk.done("sources", "test", f"{site.url}/", "--json").json()["kind"]
    closed = desk.run("sources", "test", f"{site.url}/", "--kind", "wordpress")
    assert (1, True) == (closed.status, "REST API is closed" in closed.err)


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["http://[::1"], 1),
        (["http://xn--/"], 1),
        (["http://127.0.0.1:99999/"], 1),
        (["ftp://example.org/"], 2),
        ([""], 2),
        (["http://127.0.0.1:1/", "--kind", "blog"], 2),
        (["http://127.0.0.1:1/", "--kind", "hook"], 2),
        (["http://127.0.0.1:1/", "--kind", "folder"], 2),
        (["config", "--kind", "feed"], 2),
    ],
)
def test_what_cannot_be_tried_is_told_in_words(desk: Desk, words: list[str], status: int) -> None:
    """No traceback, whatever somebody writes."""
    desk.declare(sources=folder_source(desk.folder))
    assert status == desk.run("sources", "test", *words).status


@pytest.mark.long
def test_the_section_can_be_pasted(desk: Desk, site: Site) -> None:
    """Under a slug that is free and one: the file that it goes into is read as before."""
    site.serve("/rss", FEED, Content_Type="application/rss+xml")
    desk.declare(sources=folder_source(desk.folder))
    sections = [desk.done("sources", "test", f"{site.url}/rss", "--json").json()["toml"]]
    desk.config.write_text(f"{desk.config.read_text()}\n{sections[0]}\n")
    sections.append(desk.done("sources", "test", f"{site.url}/rss", "--json").json()["toml"])
    folder = desk.folder / "My Notices (2)"
    folder.mkdir()
    (desk.folder / "notes").mkdir()
    sections.append(desk.done("sources", "test", str(folder), "--json").json()["toml"])
    desk.config.write_text("\n".join([desk.config.read_text(), *sections[1:]]))
    assert 0 == desk.run("config", "check").status
    names = {slug for section in sections for slug in tomllib.loads(section)["sources"]}
    assert {"site_127_0_0", "site_127_0_0_2", "my_notices_2"} == names
