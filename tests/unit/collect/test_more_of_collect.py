"""Renamed sources, translations by a site's own word, pictures at home and abroad, what is due, and trying only."""

from __future__ import annotations

import asyncio
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from digest.collect.flow import due
from digest.collect.trial import tried
from digest.fetch import Fetcher
from digest.settings import Source
from digest.store.database import Store
from digest.store.schema import media, revisions
from tests.unit.collect.conftest import House, Press

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_a_renamed_source_keeps_its_items(house: House, press: Press) -> None:
    """`was` carries a source's items to its new slug."""
    source = press.sources()["rss"]
    house.sources = {"old": source}
    house.collect()
    house.sources = {"fresh": {**source, "was": ["old"]}}
    report = house.collect()["fresh"]
    assert (report.new, report.unchanged) == (0, 20)
    assert {each.sources for each in house.listed()} == {("fresh",)}


def test_translations_by_number(house: House, press: Press) -> None:
    """Posts that name each other's numbers are one announcement in two languages."""
    posts = press.posts()[:2]
    for post, other, language in ((posts[0], posts[1], "en"), (posts[1], posts[0], "es")):
        post |= {"lang": language, "translations": {"en": posts[0]["id"], "es": posts[1]["id"]}}
        assert other["id"] in post["translations"].values()
    press.site.serve("/wp-json/wp/v2/posts", json.dumps(posts).encode())
    house.sources = {"rest": press.sources()["rest"]}
    house.collect()
    (found,) = house.listed()
    assert {each.language for each in found.versions} == {"en", "es"}


def test_pictures_at_home_and_abroad(house: House, press: Press) -> None:
    """A picture is fetched from the source's own place and kept; one elsewhere in private is refused, not fatal."""
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "teal").save(out, "PNG")
    press.site.serve("/p.png", out.getvalue())
    posts = press.posts()[:2]
    for post, url in zip(posts, (f"{press.site.url}/p.png", "http://127.0.0.1:1/p.png"), strict=True):
        post["_embedded"] |= {"wp:featuredmedia": [{"source_url": url, "alt_text": "Teal"}]}
    press.site.serve("/wp-json/wp/v2/posts", json.dumps(posts).encode())
    house.sources = {"rest": press.sources()["rest"]}
    report = house.collect()["rest"]
    assert (report.new, report.error, len(report.warnings)) == (2, "", 1)
    assert "port 1 is not 80 or 443" in report.warnings[0]
    pictures = [each.versions[0].picture for each in house.listed()]
    shown = [(each.alt, each.width, bool(each.sha256)) for each in pictures if each]
    assert shown == [
        ("Teal", 30, True),
        ("Teal", 0, False),
    ]
    asked = sum(path == "/p.png" for path, _ in press.site.asked)
    assert house.collect()["rest"].unchanged == 2
    assert sum(path == "/p.png" for path, _ in press.site.asked) == asked

    async def rows(store: Store) -> int:
        async with store.read() as tx:
            return len((await tx.execute(select(media))).all())

    assert house.run(rows) == 1


def test_revisions_keep_what_was_said(both: House, press: Press) -> None:
    """A changed version leaves its old words in a revision, once."""
    both.sources = {"rss": press.sources()["rss"]}
    both.collect()
    press.site.serve("/feed.rss", press.rss().replace(b"Text 3.", b"Other words."))
    both.collect()
    both.collect()

    async def kept(store: Store) -> list[str]:
        async with store.read() as tx:
            return [row.version for row in await tx.execute(select(revisions.c.version))]

    (version,) = both.run(kept)
    assert json.loads(version)["summary"] == "Text 3."


def test_an_item_that_changes_its_language_leaves_no_other_behind(both: House, press: Press) -> None:
    """It is shown in the one that it is in now, and nowhere in the one that it was said to be in."""
    item = "<item><title>Hola</title><guid>1</guid></item>"
    feed = f"<rss version='2.0'><channel><language>{{}}</language>{item}</channel></rss>"
    both.sources = {"rss": {"kind": "feed", "url": f"{press.site.url}/spoken.rss"}}
    for said, languages in (("en", ["en"]), ("es", ["es"]), ("en", ["en"])):
        press.site.serve("/spoken.rss", feed.format(said).encode())
        assert "" == both.collect()["rss"].error
        assert [languages] == [[version.language for version in each.versions] for each in both.listed()]


@pytest.mark.parametrize("hold", [True, False])
def test_what_is_dated_in_the_future(house: House, press: Press, hold: bool) -> None:
    """Held back until then where that was asked for, though its document never changes; else it is there at once."""
    item = "<item><title>A</title><guid>a</guid><pubDate>Tue, 02 Jun 2026 08:00:00 GMT</pubDate></item>"
    body = f"<rss version='2.0'><channel>{item}{item.replace('A', 'B').replace('>a<', '>b<').replace('2026', '2025')}"
    press.site.serve("/early.rss", f"{body}</channel></rss>".encode(), ETag='"same"')
    house.sources = {"rss": {"kind": "feed", "url": f"{press.site.url}/early.rss", "hold_future": hold}}
    counts = [house.collect(now=NOW + timedelta(hours=each))["rss"].new for each in (0, 10, 22, 23)]
    assert ([1, 0, 1, 0] if hold else [2, 0, 0, 0]) == counts
    assert all(each.effective_at <= NOW + timedelta(hours=22) for each in house.listed())


def test_due(house: House, press: Press) -> None:
    """A source is due when it was never asked, and again when its time has come."""
    house.sources = {"rss": press.sources()["rss"]}

    async def at(store: Store) -> list[tuple[str, ...]]:
        times = (NOW, NOW + timedelta(minutes=20), NOW + timedelta(minutes=40))
        return [await due(store, house.settings(), now=each) for each in times]

    assert house.run(at)[0] == ("rss",)
    house.collect()
    assert house.run(at) == [(), (), ("rss",)]


def test_trying_stores_nothing(house: House, press: Press) -> None:
    """Trying a source gives the items, newest first, and leaves the store as it was."""

    async def go(store: Store) -> list[str]:
        source = Source(slug="x", kind="feed", url=f"{press.site.url}/feed.atom")
        async with Fetcher(allow_private=("127.0.0.1",), gap=timedelta(0)) as fetcher:
            found = await tried(source, house.settings(), fetcher, now=NOW)
        return [item.title for item in found.items]

    assert house.run(go) == [each.title for each in press.news]
    assert house.listed() == ()


def test_two_collectors_at_once(both: House, press: Press) -> None:
    """Two visits at the same moment make each announcement once."""
    both.sources = {kind: press.sources()[kind] for kind in ("rss", "atom")}

    async def go(store: Store) -> int:
        from digest.collect.flow import collect

        settings = both.settings()
        async with Fetcher(allow_private=("127.0.0.1",), gap=timedelta(0)) as fetcher:
            found = await asyncio.gather(*(collect(store, settings, fetcher, now=NOW) for _ in range(2)))
        return sum(bool(report.error) for reports in found for report in reports)

    assert both.run(go) == 0
    assert len(both.listed()) == 20
