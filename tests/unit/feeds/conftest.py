"""What the feeds are made from, in the shape that collecting leaves it."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from digest.model.announcements import Announcement, Version
from digest.settings import Feed, Settings, Site
from digest.store import minting, retracting
from digest.store.database import Store, connect, insert_ignore
from digest.store.migrate import upgrade
from digest.store.schema import items, sources

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)
SITE = "https://news.example.org"


def make_version(**changes: Any) -> Version:
    values: dict[str, Any] = {
        "language": "en",
        "source": "news",
        "link": "https://example.org/zinc/",
        "title": "Zinc & tin: a < b",
        "summary": "Recycling 5 < 6 tonnes & more.",
        "content": "<p>Recycled <b>zinc</b> &amp; tin.</p>",
        "categories": ("Case Study",),
        "authors": ("Ann Example",),
        "updated_at": NOON,
        "fingerprint": "f1",
    }
    return Version(**{**values, **changes})


def make_announcement(number: int = 1, *versions: Version, **changes: Any) -> Announcement:
    at = NOON + timedelta(hours=number)
    values: dict[str, Any] = {
        "id": number,
        "public_id": f"tag:news.example.org,2026:announcement/{number:032x}",
        "seq": number,
        "effective_at": at,
        "first_seen_at": at,
        "updated_at": at,
        "versions": versions or (make_version(updated_at=at, title=f"Number {number}"),),
        "sources": ("news",),
    }
    return Announcement(**{**values, **changes})


def make_settings(**feeds: dict[str, Any]) -> Settings:
    declared = feeds or {"news": {"title": "All news"}}
    return Settings(
        site=Site(title="Metals News", url=SITE),
        feeds={slug: Feed(slug=slug, **each) for slug, each in declared.items()},
    )


@pytest.fixture
def site() -> Site:
    return Site(title="Metals News", url=SITE)


@pytest.fixture
def feed() -> Feed:
    return Feed(slug="news", title="All news", description="Everything we announce")


@pytest.fixture
def version() -> Callable[..., Version]:
    return make_version


@pytest.fixture
def announcement() -> Callable[..., Announcement]:
    return make_announcement


@pytest.fixture
def settings() -> Callable[..., Settings]:
    return make_settings


async def publish(store: Store, number: int, *, at: datetime = NOON, **changes: Any) -> None:
    """Put an announcement into the store as collecting would leave it: source, item, version."""
    made = make_version(updated_at=at, title=f"Number {number}", fingerprint=f"f{number}")
    made = replace(made, **changes)
    async with store.write() as tx:
        await tx.execute(insert_ignore(tx, sources).values(slug=made.source, kind="feed", url="https://example.org"))
        source = await tx.scalar(select(sources.c.id).where(sources.c.slug == made.source))
        minted = minting.Minted(
            public_id=f"tag:news.example.org,2026:announcement/{number:032x}",
            effective_at=NOON + timedelta(hours=number),
        )
        (announcement,) = await minting.mint(tx, [minted], at=at)
        row = {
            "source_id": source,
            "ident": f"ident-{number}",
            "ident_kind": "guid",
            "announcement_id": announcement,
            **{name: getattr(made, name) for name in ("link", "title", "summary", "content", "full_text", "language")},
            "categories": json.dumps(made.categories),
            "authors": json.dumps(made.authors),
            "precision": "second",
            **dict.fromkeys(("first_seen_at", "last_seen_at", "content_changed_at"), at),
            "fingerprint": made.fingerprint,
        }
        item = await tx.scalar(items.insert().values(row).returning(items.c.id))
        shown = minting.Shown(
            announcement_id=announcement,
            language=made.language,
            item_id=item,
            fingerprint=made.fingerprint,
            updated_at=at,
        )
        await minting.show_new(tx, [shown])


async def retitle(store: Store, number: int, title: str, *, at: datetime) -> None:
    """An edit at the source, as collecting would store it."""
    async with store.write() as tx:
        await tx.execute(items.update().where(items.c.ident == f"ident-{number}").values(title=title))
        row = (await tx.execute(select(items).where(items.c.ident == f"ident-{number}"))).one()
        shown = minting.Shown(
            announcement_id=row.announcement_id, language=row.language, item_id=row.id, fingerprint=title, updated_at=at
        )
        await minting.show(tx, [shown], at=at)


async def retract(store: Store, number: int, *, at: datetime) -> None:
    async with store.write() as tx:
        found = await tx.execute(select(items.c.announcement_id).where(items.c.ident == f"ident-{number}"))
        await retracting.retract(tx, found.scalar_one(), why="a test", at=at)


class Newsroom:
    """A store to publish in, and settings to build feeds with."""

    publish = staticmethod(publish)
    retitle = staticmethod(retitle)
    retract = staticmethod(retract)
    settings = staticmethod(make_settings)
    noon = NOON

    def __init__(self, file: Path, empty: Path) -> None:
        self._empty = empty
        self.move(file)

    def move(self, file: Path) -> None:
        """From now on, another store, and an empty one."""
        shutil.copy(self._empty, file)
        self.url = f"sqlite:///{file}"

    def run(self, story: Callable[[Store], Coroutine[Any, Any, None]]) -> None:
        """Play a story in the store, then close it."""

        async def play() -> None:
            store = connect(self.url)
            try:
                await story(store)
            finally:
                await store.close()

        asyncio.run(play())


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: migrating anew for each test would take the most of its time."""
    file = tmp_path_factory.mktemp("empty") / "digest.db"

    async def make() -> None:
        store = connect(f"sqlite:///{file}")
        await upgrade(store)
        await store.close()

    asyncio.run(make())
    return file


@pytest.fixture
def newsroom(tmp_path: Path, empty: Path) -> Newsroom:
    return Newsroom(tmp_path / "digest.db", empty)
