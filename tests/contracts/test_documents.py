"""What every store promises about feed documents."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from digest.feeds.flow import build
from digest.model.feeds import DocumentHead, FeedDocument
from digest.settings import Feed, Settings, Site
from digest.store import documents
from digest.store.database import Store, connect
from digest.store.migrate import upgrade

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)
DOCUMENT = FeedDocument(
    feed="news",
    format="atom",
    encoding="identity",
    etag='"abc"',
    changed_at=NOON,
    updated_at=NOON,
    fingerprint="f1",
    body=b"\x00\xff<feed/>",
)


def play(url: str, story: Callable[[Store], Awaitable[None]]) -> None:
    async def run() -> None:
        store = connect(url)
        try:
            await upgrade(store)
            await story(store)
        finally:
            await store.close()

    asyncio.run(run())


def head_of(document: FeedDocument) -> DocumentHead:
    return DocumentHead(**{name: getattr(document, name) for name in DocumentHead.__dataclass_fields__})


def test_a_document_comes_back_as_it_was_put_and_is_replaced_whole(store_url: str) -> None:
    """Bytes and dates survive; the next one with the same key takes its place, others stay."""
    later = replace(DOCUMENT, etag='"def"', body=b"new", changed_at=NOON + timedelta(seconds=1), fingerprint="f2")
    packed = replace(DOCUMENT, encoding="gzip", etag='"ghi"')
    archive = replace(DOCUMENT, part="archive/1")
    other = replace(DOCUMENT, feed="other")

    async def story(store: Store) -> None:
        async with store.write() as tx:
            await documents.put(tx, [DOCUMENT, packed, archive, other])
        async with store.read() as tx:
            assert await documents.of(tx, "news") == (packed, DOCUMENT)
        async with store.write() as tx:
            await documents.put(tx, [later])
        async with store.read() as tx:
            assert await documents.of(tx, "news") == (packed, later)
            assert await documents.of(tx, "news", part="archive/1") == (archive,)
            assert await documents.heads(tx) == (head_of(packed), head_of(later), head_of(other))
            assert await documents.heads(tx, "other") == (head_of(other),)
            assert await documents.of(tx, "nothing") == ()

    play(store_url, story)


def test_the_first_host_minted_stays(store_url: str) -> None:
    """Whoever locks first names the host of all feed ids."""

    async def story(store: Store) -> None:
        async with store.read() as tx:
            assert await documents.host(tx) is None
        async with store.write() as tx:
            assert await documents.lock(tx, "first.example.org") == "first.example.org"
        async with store.write() as tx:
            assert await documents.lock(tx, "second.example.org") == "first.example.org"
        async with store.read() as tx:
            assert await documents.host(tx) == "first.example.org"

    play(store_url, story)


def test_builders_take_turns(store_url: str) -> None:
    """While one holds the lock no other passes it, so that nobody replaces what they did not see."""

    async def story(store: Store) -> None:
        order: list[str] = []
        inside = asyncio.Event()

        async def first() -> None:
            async with store.write() as tx:
                await documents.lock(tx, "h")
                inside.set()
                await asyncio.sleep(0)
                await documents.put(tx, [DOCUMENT])
                order.append("first")

        async def second() -> None:
            await inside.wait()
            async with store.write() as tx:
                await documents.lock(tx, "h")
                order.append("second")
                assert await documents.heads(tx, "news") == (head_of(DOCUMENT),)

        await asyncio.gather(first(), second())
        assert order == ["first", "second"]

    play(store_url, story)


def test_of_many_builders_one_writes(store_url: str) -> None:
    """Built by several at once, a feed is changed once and stands complete."""
    settings = Settings(site=Site(url="https://news.example.org"), feeds={"news": Feed(slug="news", title="News")})

    async def story(store: Store) -> None:
        built = await asyncio.gather(*(build(store, settings, now=NOON) for _ in range(4)))
        assert sum(each.changed for (each,) in built) == 1
        assert len({each.updated for (each,) in built}) == 1
        async with store.read() as tx:
            assert len(await documents.heads(tx)) == 6

    play(store_url, story)


@pytest.mark.parametrize("naive", [datetime(2026, 1, 1)])  # noqa: DTZ001
def test_a_naive_date_is_refused(store_url: str, naive: datetime) -> None:
    """A date without a zone never reaches a row."""

    async def story(store: Store) -> None:
        with pytest.raises(Exception, match="naive"):
            async with store.write() as tx:
                await documents.put(tx, [replace(DOCUMENT, changed_at=naive)])

    play(store_url, story)
