"""A real site on loopback that misbehaves on order, and a store to collect into."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from digest.collect.flow import SourceReport, collect
from digest.fetch import Fetcher, Limits
from digest.model.announcements import Announcement
from digest.settings import Settings
from digest.store import announcements, sources
from digest.store.database import Store, connect
from digest.store.schema import dispositions, metadata
from digest.store.sources import SourceRow
from tests.sites import Route, Site, answer

T = TypeVar("T")
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
# A quarter past midnight in London is the day before in UTC.
START = datetime(2022, 8, 29, 23, 15, tzinfo=UTC)


def xml(text: str) -> str:
    return escape(text, quote=False)


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


@pytest.fixture
def respond() -> Callable[..., Route]:
    return answer


class House:
    """A store of this test's own, and sources declared as in the configuration."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.made = False
        self.sources: dict[str, dict[str, Any]] = {}

    def settings(self) -> Settings:
        return Settings.model_validate(
            {
                "site": {"url": "https://news.example.org", "timezone": "Europe/London"},
                "database": {"url": self.url},
                "sources": {slug: dict(source) for slug, source in self.sources.items()},
                "senders": {"main": {"url": "smtp://127.0.0.1:1", "from": "a@example.org"}},
                "digests": {"monthly": {"sender": "main", "schedule": "last fri 09:00"}},
            }
        )

    def collect(self, *only: str, now: datetime = NOW) -> dict[str, SourceReport]:
        async def go(store: Store) -> dict[str, SourceReport]:
            settings = self.settings()
            async with Fetcher(
                allow_private=("127.0.0.0/8",), gap=timedelta(0), limits=Limits(connect=2, read=1, total=2)
            ) as fetcher:
                reports = await collect(store, settings, fetcher, only=only, now=now)
            return {report.source: report for report in reports}

        return self.run(go)

    def listed(self) -> tuple[Announcement, ...]:
        async def go(store: Store) -> tuple[Announcement, ...]:
            async with store.read() as tx:
                return await announcements.listed(tx)

        return self.run(go)

    def news(self) -> tuple[Announcement, ...]:
        """What a digest still has to announce, newest first."""

        async def go(store: Store) -> tuple[Announcement, ...]:
            async with store.read() as tx:
                return await announcements.unsettled(tx, "monthly", 0)

        return tuple(sorted(self.run(go), key=lambda each: each.effective_at, reverse=True))

    def row(self, slug: str) -> SourceRow:
        async def go(store: Store) -> SourceRow:
            async with store.read() as tx:
                found = await sources.get(tx, slug)
            assert found is not None
            return found

        return self.run(go)

    def baseline(self) -> int:
        async def go(store: Store) -> int:
            async with store.read() as tx:
                return len((await tx.execute(select(dispositions))).all())

        return self.run(go)

    def run(self, go: Callable[[Store], Coroutine[Any, Any, T]]) -> T:
        async def whole() -> T:
            store = connect(self.url)
            try:
                if not self.made:
                    async with store.write() as tx:
                        await tx.run_sync(metadata.create_all)
                    self.made = True
                return await go(store)
            finally:
                await store.close()

        return asyncio.run(whole())


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, f"sqlite:///{tmp_path}/digest.db")


@pytest.fixture
def both(tmp_path: Path, store_url: str) -> House:
    """The same on each database."""
    return House(tmp_path, store_url)


@dataclass(frozen=True)
class News:
    title: str
    date: datetime
    text: str
    number: int


class Press:
    """The same announcements in every dialect, as a site on loopback would serve them."""

    def __init__(self, news: list[News], site: Site) -> None:
        self.news = news
        self.site = site

    def link(self, each: News) -> str:
        return f"{self.site.url}/news/{each.number}/"

    def guid(self, each: News) -> str:
        return f"{self.site.url}/?p={each.number}"

    def rss(self) -> bytes:
        items = "".join(
            f"<item><title>{xml(each.title)}</title><link>{self.link(each)}</link>"
            f'<guid isPermaLink="false">{self.guid(each)}</guid><pubDate>{format_datetime(each.date)}</pubDate>'
            f"<description><![CDATA[<p>{each.text} [&#8230;]</p>]]></description></item>"
            for each in self.news
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{items}</channel></rss>'.encode()

    def atom(self) -> bytes:
        entries = "".join(
            f'<entry><title type="html">{xml(xml(each.title))}</title><link href="{self.link(each)}"/>'
            f"<id>{self.guid(each)}</id><published>{each.date.isoformat()}</published>"
            f"<updated>{each.date.isoformat()}</updated><summary>{xml(each.text)}</summary></entry>"
            for each in self.news
        )
        return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>{entries}</feed>'.encode()

    def json(self) -> bytes:
        items = [
            {
                "id": self.guid(each),
                "url": self.link(each),
                "title": each.title,
                "date_published": each.date.isoformat(),
                "summary": each.text,
            }
            for each in self.news
        ]
        return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": items}).encode()

    def page(self) -> bytes:
        rows = "".join(
            f'<article><h2><a href="/news/{each.number}/">{xml(each.title)}</a></h2>'
            f'<p class="date">{each.date.astimezone(LONDON):%B %d, %Y}</p></article>'
            for each in self.news
        )
        return f"<!doctype html><html lang=en><body>{rows}</body></html>".encode()

    def posts(self) -> list[dict[str, Any]]:
        return [
            {
                "id": each.number,
                "date": each.date.astimezone(LONDON).strftime("%Y-%m-%dT%H:%M:%S"),
                "date_gmt": each.date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
                "guid": {"rendered": self.guid(each)},
                "link": self.link(each),
                "title": {"rendered": xml(each.title).replace("&amp;", "&#038;").replace("’", "&#8217;")},
                "excerpt": {"rendered": f"<p>{each.text} [&hellip;]</p>"},
                "content": {"rendered": f"<p>{each.text}</p>" + "<p>More about it.</p>" * 50},
                "_embedded": {"wp:term": [[{"taxonomy": "category", "name": "News &amp; views"}]]},
            }
            for each in self.news
        ]

    def rest(self, handler: BaseHTTPRequestHandler) -> None:
        query = parse_qs(urlsplit(handler.path).query)
        size, page = int(query["per_page"][0]), int(query.get("page", ["1"])[0])
        posts = self.posts()[(page - 1) * size : page * size]
        if page > 1 and not posts:
            answer(b'{"code":"rest_post_invalid_page_number"}', status=400)(handler)
        else:
            answer(json.dumps(posts).encode(), Content_Type="application/json")(handler)

    def serve(self) -> None:
        self.site.serve("/feed.rss", self.rss(), Content_Type="application/rss+xml")
        self.site.serve("/feed.atom", self.atom(), Content_Type="application/atom+xml")
        self.site.serve("/feed.json", self.json(), Content_Type="application/feed+json")
        self.site.serve("/news/", self.page(), Content_Type="text/html")
        self.site.routes["/wp-json/wp/v2/posts"] = self.rest

    def sources(self) -> dict[str, dict[str, Any]]:
        """Every way in, by kind."""
        url = self.site.url
        select = {"item": "article", "title": "h2 a", "date": ".date"}
        return {
            "rest": {"kind": "wordpress", "url": url},
            "rss": {"kind": "feed", "url": f"{url}/feed.rss"},
            "atom": {"kind": "feed", "url": f"{url}/feed.atom"},
            "json": {"kind": "feed", "url": f"{url}/feed.json"},
            "page": {"kind": "page", "url": f"{url}/news/", "select": select},
        }


@pytest.fixture
def press(site: Site) -> Press:
    news = [
        News(
            f"Zinc & copper’s news, number {number}: 5 < {number + 6}",
            START + timedelta(days=30 * number),
            f"Text {number}.",
            number,
        )
        for number in range(20)
    ]
    made = Press(list(reversed(news)), site)
    made.serve()
    return made
