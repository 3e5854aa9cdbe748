"""Feeds are built when something changed, stored once, and laid out as files."""

from __future__ import annotations

import asyncio
import gzip
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import feedparser

from digest import templating
from digest.feeds.export import export
from digest.feeds.flow import build
from digest.model.feeds import FeedDocument
from digest.store import documents
from digest.store.database import Store
from tests.unit.feeds.conftest import Newsroom

TEMPLATES = templating.environment()

SECOND = timedelta(seconds=1)


async def standing(store: Store, feed: str = "news") -> dict[tuple[str, str], FeedDocument]:
    async with store.read() as tx:
        return {(each.format, each.encoding): each for each in await documents.of(tx, feed)}


def titles(document: FeedDocument) -> list[str]:
    return [each.title for each in feedparser.parse(document.body).entries]


def test_nothing_new_writes_nothing(newsroom: Newsroom) -> None:
    """A second build finds the same fingerprint: same bytes, same dates, no change reported."""

    async def story(store: Store) -> None:
        settings, now = newsroom.settings(), newsroom.noon
        await newsroom.publish(store, 1)
        (first,) = await build(store, settings, now=now)
        before = await standing(store)
        (second,) = await build(store, settings, now=now + timedelta(days=1))
        assert (first.slug, first.entries, first.changed) == ("news", 1, True)
        assert (second.changed, second.updated) == (False, first.updated)
        assert await standing(store) == before
        assert len(before) == 6

    newsroom.run(story)


def test_both_encodings_are_stored_and_differ_in_their_tags(newsroom: Newsroom) -> None:
    """gzip decodes to the plain bytes, holds no time of its own, and has a strong tag of its own."""

    async def story(store: Store) -> None:
        await newsroom.publish(store, 1)
        await build(store, newsroom.settings(), now=newsroom.noon)
        found = await standing(store)
        for form in ("atom", "rss", "json"):
            plain, packed = found[form, "identity"], found[form, "gzip"]
            assert gzip.decompress(packed.body) == plain.body
            assert packed.body[4:8] == b"\0\0\0\0"
        tags = [each.etag for each in found.values()]
        assert len(set(tags)) == 6
        assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)

    newsroom.run(story)


def test_each_change_moves_every_date_even_within_one_second(newsroom: Newsroom) -> None:
    """New, edited, retracted: new bytes, `updated` and `changed_at` later each time, whatever the clock says."""

    async def story(store: Store) -> None:
        settings, now = newsroom.settings(), newsroom.noon
        seen: list[tuple[datetime, datetime, str]] = []

        async def rebuilt(at: datetime) -> list[str]:
            await build(store, settings, now=at)
            atom = (await standing(store))["atom", "identity"]
            seen.append((atom.changed_at, atom.updated_at, atom.etag))
            return titles(atom)

        await newsroom.publish(store, 1)
        assert await rebuilt(now) == ["Number 1"]
        await newsroom.publish(store, 2)
        assert await rebuilt(now) == ["Number 2", "Number 1"]
        await newsroom.retitle(store, 1, "Number one", at=now)
        assert await rebuilt(now) == ["Number 2", "Number one"]
        await newsroom.retract(store, 2, at=now)
        assert await rebuilt(now - timedelta(days=1)) == ["Number one"]
        for earlier, later in pairwise(seen):
            assert later[0] > earlier[0]
            assert later[1] > earlier[1]
            assert later[2] != earlier[2]

    newsroom.run(story)


def test_the_same_announcements_give_the_same_bytes_anywhere(newsroom: Newsroom, tmp_path: Path) -> None:
    """Built at another time, in another store: nothing differs."""
    found: list[dict[tuple[str, str], FeedDocument]] = []

    async def story(store: Store) -> None:
        for number in (1, 2, 3):
            await newsroom.publish(store, number)
        await build(store, newsroom.settings(), now=newsroom.noon + len(found) * timedelta(days=9))
        found.append(await standing(store))

    newsroom.run(story)
    newsroom.move(tmp_path / "other.db")
    newsroom.run(story)
    assert [(key, each.body, each.etag) for key, each in found[0].items()] == [
        (key, each.body, each.etag) for key, each in found[1].items()
    ]


def test_a_change_of_settings_builds_anew_and_keeps_the_id(newsroom: Newsroom) -> None:
    """Another title or site changes the documents, and no id with them."""

    async def story(store: Store) -> None:
        await newsroom.publish(store, 1)
        settings = newsroom.settings()
        await build(store, settings, now=newsroom.noon)
        site = settings.site.model_copy(update={"url": "https://moved.example.net", "title": "Moved"})
        moved = settings.model_copy(update={"site": site})
        (built,) = await build(store, moved, now=newsroom.noon)
        assert built.changed
        atom = feedparser.parse((await standing(store))["atom", "identity"].body)
        assert atom.feed.id == "tag:news.example.org,2026:feed/news"
        assert atom.feed.link == "https://moved.example.net"
        assert (await build(store, moved, now=newsroom.noon))[0].changed is False

    newsroom.run(story)


def test_a_feed_shows_its_own_however_rare(newsroom: Newsroom) -> None:
    """A category far back in the archive is found, and feeds do not disturb each other."""

    async def story(store: Store) -> None:
        for number in range(1, 13):
            await newsroom.publish(store, number, categories=("Rare",) if number in (1, 2) else ("News",))
        settings = newsroom.settings(
            news={"entries": 3}, rare={"categories": ["rare"], "entries": 1}, none={"categories": ["x"]}
        )
        built = await build(store, settings, now=newsroom.noon)
        assert [(each.slug, each.entries) for each in built] == [("news", 3), ("rare", 1), ("none", 0)]
        assert titles((await standing(store, "rare"))["rss", "identity"]) == ["Number 2"]
        await newsroom.publish(store, 13, categories=("News",))
        assert [each.changed for each in await build(store, settings, now=newsroom.noon)] == [True, False, False]

    newsroom.run(story)


def test_builders_at_once_agree(newsroom: Newsroom) -> None:
    """Of many that build the same change one writes, and all come to the same document."""

    async def story(store: Store) -> None:
        await newsroom.publish(store, 1)
        settings = newsroom.settings()
        built = await asyncio.gather(*(build(store, settings, now=newsroom.noon) for _ in range(6)))
        assert sum(each.changed for (each,) in built) == 1
        assert len({each.updated for (each,) in built}) == 1

    newsroom.run(story)


def test_export_lays_files_out_by_public_path(newsroom: Newsroom, tmp_path: Path) -> None:
    """Whole files, stamped with their last change; what did not change is not touched; nothing else is left."""
    out = tmp_path / "out"

    async def story(store: Store) -> None:
        settings = newsroom.settings()
        await newsroom.publish(store, 1)
        await build(store, settings, now=newsroom.noon)
        files = await export(store, settings, TEMPLATES, out)
        assert sorted(files) == [out / "feeds" / f"news.{form}" for form in ("atom", "json", "rss")]
        names = ["feed.css", "index.html", "news.atom", "news.json", "news.rss"]
        there = [".laid", *names, *(f"{name}.gz" for name in names)]
        assert sorted(each.name for each in (out / "feeds").iterdir()) == sorted(there)
        found = await standing(store)
        assert files[0].read_bytes() == found[files[0].suffix[1:], "identity"].body
        assert files[0].stat().st_mtime == newsroom.noon.timestamp()
        inodes = [each.stat().st_ino for each in files]
        assert [each.stat().st_ino for each in await export(store, settings, TEMPLATES, out)] == inodes
        await newsroom.retitle(store, 1, "Other", at=newsroom.noon)
        await build(store, settings, now=newsroom.noon)
        assert b"Other" in (await export(store, settings, TEMPLATES, out))[0].read_bytes()

    newsroom.run(story)


def test_export_takes_away_what_it_laid_out_and_nothing_else(newsroom: Newsroom, tmp_path: Path) -> None:
    """A feed no longer configured, an archive document no longer there; never a file of somebody else's."""
    out = tmp_path / "out"

    async def story(store: Store) -> None:
        for number in range(1, 4):
            await newsroom.publish(store, number)
        before = newsroom.settings(old={"entries": 2}, news={"entries": 2})
        await build(store, before, now=newsroom.noon)
        await export(store, before, TEMPLATES, out)
        foreign = [out / "feeds/theirs.atom", tmp_path / "precious"]
        for file in foreign:
            file.write_text("kept")
        assert (out / "feeds/old/archive/1.atom.gz").is_file()
        with (out / "feeds/.laid").open("a") as laid:
            laid.write("feeds/../../precious\n../precious\n")
        after = newsroom.settings(news={"entries": 50, "categories": ["None such"]})
        await build(store, after, now=newsroom.noon)
        await export(store, after, TEMPLATES, out)
        left = {each.relative_to(out).as_posix() for each in out.rglob("*.atom*")}
        assert left == {"feeds/news.atom", "feeds/news.atom.gz", "feeds/theirs.atom"}
        assert all(file.read_text() == "kept" for file in foreign)

    newsroom.run(story)
