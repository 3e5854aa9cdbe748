"""A house with a little of everything in it, and its application driven as a browser would."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from digest.model.announcements import Facts, Figure, Picture, Version
from digest.model.editions import EditionStatus, Snapshot, SnapshotItem, SnapshotSection
from digest.service.house import House, opened
from digest.settings import load
from digest.store import editions, media, minting
from digest.store.database import insert_ignore
from digest.store.media import MediaRow
from digest.store.schema import items, sources
from digest.subscribers import flow
from digest.web import app

T = TypeVar("T")
NOW = datetime(2026, 6, 26, 8, 0, tzinfo=UTC)
PICTURE = "ab" * 32
CONFIG = """
secret_key = "k1:a key for nothing but these tests"
[site]
title = "Metals Mark <News>"
url = "https://news.example.org"
language = "en"
postal_address = "1 Smelter Lane"
privacy_url = "https://example.org/privacy"
[database]
url = "sqlite:///{folder}/digest.db"
[senders.main]
url = "smtp://127.0.0.1:1025"
from = "Metals Mark <news@example.org>"
[feeds.news]
title = "Metals Mark News"
[digests.newsflash]
title = "Newsflash"
sender = "main"
schedule = "last fri 09:00"
"""


@dataclass(frozen=True)
class Site:
    """An open house and its application."""

    house: House
    app: Any
    runner: asyncio.Runner

    def run(self, story: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(story)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.run(self.request("GET", path, **options))

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.run(self.request("POST", path, **options))

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://news.example.org") as client:
            return await client.request(method, path, **options)

    def subscriber(self, email: str = "ana.ruiz@mail.example.org", language: str = "") -> str:
        """A confirmed subscriber; gives the handle."""
        store = self.house.store
        self.run(flow.add(store, email, "newsflash", language=language, confirmed=True, now=NOW))
        return self.run(flow.show(store, email)).subscriber.handle

    def seal(self, label: str = "2026-06-26", status: EditionStatus = EditionStatus.SEALED) -> None:
        """An edition of that label, holding everything an edition can hold."""
        self.run(_seal(self.house, label, status))

    def keep_picture(self) -> str:
        """A picture that the store knows, beside a file that it does not; gives its hash."""
        self.run(_keep_picture(self.house))
        return PICTURE

    def announce(self, number: int, title: str, **said: Any) -> str:
        """An announcement from a source; gives the path of our page of it."""
        self.run(_announce(self.house, number, {"title": title, **said}))
        return f"/announcements/{number:032x}"

    def state(self, email: str = "ana.ruiz@mail.example.org") -> str:
        [standing] = self.run(flow.show(self.house.store, email)).subscriptions
        return standing.state


@pytest.fixture
def config() -> str:
    """What the house declares; a test that needs more says so by a fixture of its own."""
    return CONFIG


@pytest.fixture
def site(tmp_path: Path, empty: Path, config: str) -> Iterator[Site]:
    shutil.copy(empty, tmp_path / "digest.db")
    file = tmp_path / "digest.toml"
    file.write_text(config.format(folder=tmp_path))
    stack = AsyncExitStack()
    with asyncio.Runner() as runner:
        house = runner.run(stack.enter_async_context(opened(load(file, {}))))
        yield Site(house, app.create(house, keep=0), runner)
        runner.run(stack.aclose())


def version(title: str, *, language: str = "en", **said: Any) -> Version:
    return Version(
        language=language,
        source="notices",
        link=said.pop("link", "https://metals.example.org/a"),
        title=title,
        published_on=date(2026, 6, 1),
        updated_at=NOW,
        fingerprint="f",
        **said,
    )


def item(number: int, *versions: Version, older: bool = False) -> SnapshotItem:
    return SnapshotItem(public_id=f"tag:x,2026:announcement/{number:032x}", versions=versions, older=older)


def snapshot() -> Snapshot:
    """Everything an edition can hold, with marks in the text that would show if it were not escaped."""
    picture = Picture(url="https://x.example.org/p.png", alt="Hills", sha256=PICTURE, width=600, height=260)
    small = replace(picture, alt="Reels", width=300, height=200)
    lead = version("Curve & <script>alert(1)</script>", summary="A lead. [/] \x1b[31m", picture=picture)
    figures = Facts(
        figures=(Figure(value="100+", label="participants"), Figure(value="15 %", label="March", share=0.15))
    )
    consultation = Facts(deadline=date(2026, 7, 1))
    return Snapshot(
        digest="newsflash",
        title="Newsflash",
        label="2026-06-26",
        number=14,
        date=date(2026, 6, 26),
        language="en",
        subject="Newsflash",
        introduction="<p>A short one before the <em>summer</em>.</p>",
        since=date(2026, 5, 29),
        lead=item(1, lead),
        sections=(
            SnapshotSection(
                title="News",
                items=(
                    item(2, version("Two sites join"), version("Dos centros se suman", language="es")),
                    item(3, version("Without a page", link="")),
                ),
            ),
            SnapshotSection(title="Case studies", kind="case", items=(item(7, version("A case", picture=small)),)),
            SnapshotSection(title="Consultations", items=(item(4, version("Comments, please", facts=consultation)),)),
            SnapshotSection(title="Facts & Figures", items=(item(5, version("In figures", facts=figures)),)),
        ),
        more=(item(6, version("One more")),),
    )


async def _seal(house: House, label: str, status: EditionStatus) -> None:
    async with house.store.write() as tx:
        edition = await editions.add(
            tx,
            digest="newsflash",
            label=label,
            number=14,
            status=status,
            slot_at=None,
            until=NOW,
            now=NOW,
        )
        await editions.add_revision(tx, edition, snapshot(), (), now=NOW)


async def _keep_picture(house: House) -> None:
    folder = house.settings.media_folder
    folder.mkdir(exist_ok=True)
    (folder / PICTURE).write_bytes(b"\x89PNG not really")
    (folder / ("cd" * 32)).write_bytes(b"a file that the store does not know")
    async with house.store.write() as tx:
        row = MediaRow(sha256=PICTURE, type="image/png", width=6, height=4, bytes=15, url="https://x.example.org/p.png")
        await media.add(tx, row, NOW)


async def _announce(house: House, number: int, said: dict[str, Any]) -> None:
    async with house.store.write() as tx:
        source = await tx.execute(
            insert_ignore(tx, sources).values(slug=f"s{number}", kind="folder", url="x").returning(sources.c.id)
        )
        public_id = f"tag:old.example.org,2026:announcement/{number:032x}"
        minted = minting.Minted(public_id=public_id, effective_at=NOW + timedelta(minutes=number))
        [made] = await minting.mint(tx, [minted], at=NOW)
        values: dict[str, Any] = {"source_id": source.scalar_one(), "announcement_id": made, "ident": str(number)}
        values |= {"ident_kind": "guid", "language": "en", "full_text": True, "precision": "day", "fingerprint": "f"}
        values |= {"published_on": date(2026, 6, 1)}
        values |= dict.fromkeys(("first_seen_at", "last_seen_at", "content_changed_at"), NOW)
        added = await tx.execute(items.insert().values(values | said).returning(items.c.id))
        language = said.get("language", "en")
        shown = minting.Shown(
            announcement_id=made, language=language, item_id=added.scalar_one(), fingerprint="f", updated_at=NOW
        )
        await minting.show_new(tx, [shown])
