"""What was known stays known: moved sites, excerpts, and translations in any order."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.sites import Site
from tests.unit.collect.conftest import NOW, House, News, Press


def rss(*items: str) -> bytes:
    return f'<rss version="2.0"><channel><title>T</title>{"".join(items)}</channel></rss>'.encode()


def item(title: str, guid: str, link: str = "", day: int = 1, text: str = "Text.") -> str:
    return (
        f'<item><title>{title}</title><guid isPermaLink="false">{guid}</guid>'
        f"{f'<link>{link}</link>' if link else ''}<pubDate>{day:02} May 2026 08:00 GMT</pubDate>"
        f"<description><![CDATA[<p>{text}</p>]]></description></item>"
    )


def atom(title: str, ident: str, language: str, links: str) -> str:
    return (
        f'<entry xml:lang="{language}"><title>{title}</title><id>{ident}</id>{links}'
        "<updated>2026-05-01T08:00:00Z</updated><summary>Text.</summary></entry>"
    )


def feed(*entries: str) -> bytes:
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>{"".join(entries)}</feed>'.encode()


def test_a_site_that_moved_announces_nothing(both: House, site: Site) -> None:
    """Other guids and other links on most of a document, yet the same titles and days: the same items."""
    both.sources = {"a": {"kind": "feed", "url": f"{site.url}/a", "announce_first": "all"}}
    site.serve("/a", rss(*(item(f"T{n}", f"old{n}", f"https://old.example/{n}", n) for n in range(1, 9))))
    both.collect()
    before = {each.public_id for each in both.listed()}
    moved = [item(f"T{n}", f"new{n}", f"https://new.example/{n}", n) for n in range(1, 9)]
    site.serve("/a", rss(*moved, item("Really new", "new9", "https://new.example/9", 9)))
    report = both.collect()["a"]
    listed = both.listed()
    assert (1, 8) == (report.new, report.revised)
    assert before < {each.public_id for each in listed}
    assert {each.versions[0].link for each in listed} == {f"https://new.example/{n}" for n in range(1, 10)}
    assert 0 == both.collect()["a"].new


@pytest.mark.parametrize("change", ["kind", "door", "pages"])
def test_what_was_there_all_the_while_is_no_news(house: House, press: Press, change: str) -> None:
    """Another kind, an interface that opens, more pages: of the archive that shows only what is new is news."""
    every, rest = press.news, press.site.routes["/wp-json/wp/v2/posts"]
    press.news = every[:5]
    press.serve()
    press.site.serve("/feed/", press.rss())
    press.site.serve("/wp-json/wp/v2/posts", b"closed", status=401)
    press.site.serve("/news/", press.page() + b'<a class="next" href="/news/2">older</a>')
    source = {"kind": "rss", "door": "rest", "pages": "page"}[change]
    select = press.sources()["page"]["select"] | {"next": "a.next"}
    more = {"select": select, "max_pages": 1} if change == "pages" else {}
    house.sources = {"site": press.sources()[source] | more}
    house.collect()
    late = News("Seen late", NOW - timedelta(days=90), "Text.", 98)
    press.news = [News("Just now", NOW, "Text.", 99), late, *every]
    press.site.routes["/wp-json/wp/v2/posts"] = rest
    press.site.serve("/news/2", press.page())
    wider = {"kind": press.sources()["rest"], "door": {}, "pages": {"max_pages": 2}}[change]
    house.sources = {"site": house.sources["site"] | wider}
    after = NOW + timedelta(hours=1)
    assert house.collect(now=after)["site"].new == 17
    assert [each.versions[0].title for each in house.news()] == ["Just now"]
    press.news = [News("Backdated", NOW - timedelta(days=60), "Text.", 97), *press.news]
    press.site.serve("/news/2", press.page())
    press.site.serve("/news/", b"<!-- new -->" + press.page() + b'<a class="next" href="/news/2">older</a>')
    assert house.collect(now=after + timedelta(hours=1))["site"].new == 1
    assert [each.versions[0].title for each in house.news()] == ["Just now", "Backdated"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("http://x.org/a", "http://x.org/a"), ("https://x.org/a", "https://x.org/a")),
        (("1", ""), ("2", "")),
        (("1", "https://x.org/"), ("2", "https://x.org/")),
    ],
)
def test_one_that_is_called_otherwise_is_the_same(
    house: House, site: Site, before: tuple[str, str], after: tuple[str, str]
) -> None:
    """A site goes over to https, or gives a new guid each time: nothing is announced twice, and edits are taken in."""
    house.sources = {"rss": {"kind": "feed", "url": f"{site.url}/feed", "announce_first": "all"}}
    site.serve("/feed", rss(item("One", *before)))
    house.collect()
    site.serve("/feed", rss(item("One", *after)))
    assert (house.collect()["rss"].new, len(house.listed())) == (0, 1)
    site.serve("/feed", rss(item("One", *after, text="Corrected.")))
    house.collect()
    assert house.listed()[0].versions[0].summary == "Corrected."


def test_one_item_with_a_known_title_is_new(house: House, site: Site) -> None:
    """A title comes back: only a whole site that moved is taken for the old one."""
    house.sources = {"a": {"kind": "feed", "url": f"{site.url}/a"}}
    site.serve("/a", rss(item("Newsflash", "1")))
    house.collect()
    site.serve("/a", rss(item("Newsflash", "2", day=2)))
    assert 1 == house.collect()["a"].new


def test_an_excerpt_does_not_take_the_place_of_the_text(both: House, press: Press) -> None:
    """The REST interface shuts, and the feed gives excerpts: the whole text stays, and a new title counts."""
    both.sources = {"rest": press.sources()["rest"]}
    both.collect()
    before = {each.public_id: each.versions[0].content for each in both.listed()}
    press.site.routes["/feed/"] = press.site.routes["/feed.rss"]
    del press.site.routes["/wp-json/wp/v2/posts"]
    report = both.collect()["rest"]
    assert (0, 0, "") == (report.new, report.revised, report.error)
    press.news[0] = press.news[0].__class__("Another title", press.news[0].date, "Text.", press.news[0].number)
    press.site.serve("/feed/", press.rss(), Content_Type="application/rss+xml")
    assert 1 == both.collect()["rest"].revised
    after = {each.public_id: each.versions[0] for each in both.listed()}
    assert before == {name: version.content for name, version in after.items()}
    assert "Another title" in {version.title for version in after.values()}


def test_a_translation_may_come_first(both: House, site: Site) -> None:
    """What names its original waits for it, in its own source by any name and elsewhere by link."""
    post = {"version": "https://jsonfeed.org/version/1.1", "items": []}
    original = {"id": "a", "url": "https://x.example/a", "title": "A", "language": "en", "content_text": "Text"}
    translated = {"id": "b", "title": "B", "language": "es", "translation_of": "https://x.example/a"}
    both.sources = {
        "es": {"kind": "feed", "url": f"{site.url}/es"},
        "en": {"kind": "feed", "url": f"{site.url}/en"},
    }
    site.serve("/es", json.dumps(post | {"items": [translated]}).encode())
    site.serve("/en", json.dumps(post).encode())
    both.collect()
    site.serve("/en", json.dumps(post | {"items": [original]}).encode())
    both.collect()
    (one,) = both.listed()
    assert {"en", "es"} == {version.language for version in one.versions}


def test_hreflang_ties_versions_together(house: House, site: Site) -> None:
    """Entries that link to each other, each in its own language, are one announcement."""

    def links(*pairs: tuple[str, str]) -> str:
        return "".join(
            f'<link rel="alternate" hreflang="{language}" href="https://x.example/{path}"/>' for language, path in pairs
        )

    site.serve(
        "/a",
        feed(
            atom("Uno", "tag:x,1:es", "es", links(("en", "one"), ("es", "uno"))),
            atom("One", "tag:x,1:en", "en", links(("en", "one"), ("es", "uno"))),
        ),
    )
    house.sources = {"a": {"kind": "feed", "url": f"{site.url}/a"}}
    house.collect()
    (one,) = house.listed()
    found = {version.language: version.link for version in one.versions}
    assert {"en": "https://x.example/one", "es": "https://x.example/uno"} == found


def test_wpml_ties_versions_together(house: House, press: Press) -> None:
    """A WordPress with WPML names its translations by number and address."""
    posts = press.posts()[:2]
    posts[0]["wpml_current_locale"] = "es_ES"
    posts[0]["wpml_translations"] = [{"locale": "en_GB", "id": posts[1]["id"], "href": posts[1]["link"]}]
    answer: Any = json.dumps(posts).encode()
    press.site.serve("/wp-json/wp/v2/posts", answer, Content_Type="application/json")
    house.sources = {"rest": press.sources()["rest"]}
    house.collect(now=NOW)
    (one,) = house.listed()
    assert {"en", "es-es"} == {version.language for version in one.versions}
