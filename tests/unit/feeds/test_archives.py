"""A feed's archive documents hold all that it ever held, each the same entries for good."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree
from sqlalchemy import select

from digest import templating
from digest.feeds.export import export
from digest.feeds.flow import build
from digest.store import documents, feed_entries, minting
from digest.store.database import Store
from digest.store.schema import items
from tests.unit.feeds.conftest import Newsroom

TEMPLATES = templating.environment()

ATOM = "{http://www.w3.org/2005/Atom}"
HISTORY = "{http://purl.org/syndication/history/1.0}"


async def document(store: Store, number: int, feed: str = "news") -> bytes:
    """An archive document, or the current one for 0."""
    async with store.read() as tx:
        if number:
            (found,) = await documents.of(tx, feed, part=feed_entries.part_of(number))
            return gzip.decompress(found.body)
        found = next(each for each in await documents.of(tx, feed) if (each.format, each.encoding) == ATOM_PLAIN)
        return found.body


ATOM_PLAIN = ("atom", "identity")


def titles(body: bytes) -> list[str]:
    return [each.title for each in feedparser.parse(body).entries]


def link(body: bytes, relation: str) -> str:
    links = etree.fromstring(body).findall(f"{ATOM}link")
    return next((each.get("href") for each in links if each.get("rel") == relation), "")


async def chain(store: Store, feed: str = "news") -> list[list[str]]:
    """The titles of every document, walked as a reader would, from the current one back."""
    body, walked = await document(store, 0, feed), []
    while True:
        walked.append(titles(body))
        older = link(body, "prev-archive")
        if not older:
            return walked
        number = int(older.rpartition("/")[2].removesuffix(".atom"))
        newer, body = body, await document(store, number, feed)
        assert etree.fromstring(body).find(f"{HISTORY}archive") is not None
        assert link(body, "self") == older
        assert link(body, "current") == f"https://news.example.org/feeds/{feed}.atom"
        if link(newer, "current"):
            assert link(body, "next-archive") == link(newer, "self")
        else:
            assert link(body, "next-archive") == ""


def test_a_small_feed_has_no_archive(newsroom: Newsroom) -> None:
    """What fits into one document needs no other."""

    async def story(store: Store) -> None:
        for number in range(1, 6):
            await newsroom.publish(store, number)
        await build(store, newsroom.settings(news={"entries": 5}), now=newsroom.noon)
        assert [len(each) for each in await chain(store)] == [5]

    newsroom.run(story)


def test_the_documents_together_hold_everything_and_never_move(newsroom: Newsroom) -> None:
    """Complete after each arrival, the current one never longer than asked; an archive document keeps its entries."""

    async def story(store: Store) -> None:
        settings = newsroom.settings(news={"entries": 3})
        held: dict[int, list[str]] = {}
        for count in range(1, 13):
            # Every third arrives with an old date.
            await newsroom.publish(store, count if count % 3 else -count)
            await build(store, settings, now=newsroom.noon)
            walked = await chain(store)
            assert len(walked[0]) == min(count, 3)
            assert len({title for each in walked for title in each}) == count
            for number, each in enumerate(reversed(walked[1:]), start=1):
                assert held.setdefault(number, each) == each
        assert len(held) == 3

    newsroom.run(story)


@pytest.mark.long
def test_a_large_archive_comes_in_large_documents_in_the_order_of_time(newsroom: Newsroom) -> None:
    """Of a first collection each document holds a hundred, and the current one the newest."""

    async def story(store: Store) -> None:
        for number in range(1, 231):
            await newsroom.publish(store, number)
        await build(store, newsroom.settings(news={"entries": 4}), now=newsroom.noon)
        walked = await chain(store)
        assert walked[0] == ["Number 230", "Number 229", "Number 228", "Number 227"]
        assert [len(each) for each in reversed(walked)][:2] == [100, 100]
        assert walked[-1] == [f"Number {number}" for number in range(100, 0, -1)]
        assert {title for each in walked for title in each} == {f"Number {number}" for number in range(1, 231)}

    newsroom.run(story)


def test_a_retraction_takes_out_that_entry_only(newsroom: Newsroom) -> None:
    """The document loses one entry, bears a later date, and no other document is printed again."""

    async def story(store: Store) -> None:
        settings = newsroom.settings(news={"entries": 3})
        for number in range(1, 11):
            await newsroom.publish(store, number)
        await build(store, settings, now=newsroom.noon)
        before = [await heads(store, number) for number in (0, 1, 2)]
        walked = await chain(store)
        await newsroom.retract(store, 2, at=newsroom.noon + timedelta(days=30))
        (built,) = await build(store, settings, now=newsroom.noon + timedelta(days=30))
        assert built.changed
        after = [await heads(store, number) for number in (0, 1, 2)]
        assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, True]
        assert after[1][0].updated_at > before[1][0].updated_at
        assert after[1][0].changed_at > before[1][0].changed_at
        assert await chain(store) == [*walked[:-1], [each for each in walked[-1] if each != "Number 2"]]

    newsroom.run(story)


async def heads(store: Store, number: int) -> Any:
    async with store.read() as tx:
        return await documents.heads(tx, "news", part=feed_entries.part_of(number) if number else "current")


def test_an_edit_shows_where_the_entry_stands(newsroom: Newsroom) -> None:
    """An old announcement edited is edited in its archive document; its place does not change."""

    async def story(store: Store) -> None:
        settings = newsroom.settings(news={"entries": 3})
        for number in range(1, 8):
            await newsroom.publish(store, number)
        await build(store, settings, now=newsroom.noon)
        walked = await chain(store)
        await newsroom.retitle(store, 2, "Better", at=newsroom.noon)
        await build(store, settings, now=newsroom.noon)
        assert await chain(store) == [[title.replace("Number 2", "Better") for title in each] for each in walked]

    newsroom.run(story)


def test_what_no_longer_fits_stays_in_its_archive_document_only(newsroom: Newsroom) -> None:
    """Membership of an archive document never changes; the current one follows the categories."""

    async def story(store: Store) -> None:
        settings = newsroom.settings(news={"entries": 3, "categories": ["News"]})
        for number in range(1, 6):
            await newsroom.publish(store, number, categories=("News",))
        await build(store, settings, now=newsroom.noon)
        assert await chain(store) == [["Number 5", "Number 4", "Number 3"], ["Number 3", "Number 2", "Number 1"]]
        async with store.write() as tx:
            moved = items.c.ident.in_(["ident-3", "ident-5"])
            await tx.execute(items.update().where(moved).values(categories='["Other"]'))
            await minting.touched(
                tx, (await tx.execute(select(items.c.announcement_id).where(moved))).scalars(), at=newsroom.noon
            )
        await build(store, settings, now=newsroom.noon)
        assert await chain(store) == [["Number 4", "Number 2", "Number 1"], ["Number 3", "Number 2", "Number 1"]]

    newsroom.run(story)


def test_another_selection_is_another_feed(newsroom: Newsroom) -> None:
    """A feed declared with other categories begins its archive anew; another title only prints it anew."""

    async def story(store: Store) -> None:
        for number in range(1, 8):
            await newsroom.publish(store, number, categories=("Odd",) if number % 2 else ("Even",))
        await build(store, newsroom.settings(news={"entries": 2}), now=newsroom.noon)
        walked = await chain(store)
        await build(store, newsroom.settings(news={"entries": 2, "title": "Other"}), now=newsroom.noon)
        assert await chain(store) == walked
        assert feedparser.parse(await document(store, 1)).feed.title == "Other"
        await build(store, newsroom.settings(news={"entries": 2, "categories": ["odd"]}), now=newsroom.noon)
        found = {title for each in await chain(store) for title in each}
        assert found == {"Number 1", "Number 3", "Number 5", "Number 7"}

    newsroom.run(story)


def test_editions_are_in_a_feed_only_by_name(newsroom: Newsroom) -> None:
    """Empty `sources` means any source of announcements, and our own editions are none."""

    async def story(store: Store) -> None:
        await newsroom.publish(store, 1)
        await newsroom.publish(store, 2, source="editions")
        settings = newsroom.settings(news={}, issues={"sources": ["editions"]})
        await build(store, settings, now=newsroom.noon)
        assert titles(await document(store, 0)) == ["Number 1"]
        assert titles(await document(store, 0, "issues")) == ["Number 2"]

    newsroom.run(story)


def test_a_feed_may_hold_summaries_only(newsroom: Newsroom) -> None:
    """`text = "summary"` leaves the full text to the site; a change of it is printed in the archive, too."""

    async def story(store: Store) -> None:
        for number in range(1, 4):
            await newsroom.publish(store, number)
        full = newsroom.settings(news={"entries": 2})
        await build(store, full, now=newsroom.noon)
        assert b"Recycled" in await document(store, 0)
        assert b"Recycled" in await document(store, 1)
        await build(store, newsroom.settings(news={"entries": 2, "text": "summary"}), now=newsroom.noon)
        for number in (0, 1):
            body = await document(store, number)
            assert b"Recycled" not in body
            assert b"Recycling" in body

    newsroom.run(story)


def test_the_archive_is_laid_out_packed_and_plain(newsroom: Newsroom, tmp_path: Path) -> None:
    """Every document as a file by its public path, and beside it the same packed."""

    async def story(store: Store) -> None:
        for number in range(1, 4):
            await newsroom.publish(store, number)
        settings = newsroom.settings(news={"entries": 2})
        await build(store, settings, now=newsroom.noon)
        files = await export(store, settings, TEMPLATES, tmp_path / "out")
        archive = tmp_path / "out/feeds/news/archive/1.atom"
        assert archive in files
        for file in files:
            assert gzip.decompress(file.with_name(f"{file.name}.gz").read_bytes()) == file.read_bytes()
        assert titles(archive.read_bytes()) == ["Number 2", "Number 1"]

    newsroom.run(story)
