"""Collecting a new feed of 100 entries and 700 KB, beside feedparser: `python -m tests.bench.collecting [ROUNDS]`.

A JSON object a line, medians of CPU milliseconds, measured by turns in one run: `feedparser` with its sanitiser, as
it comes; `reading` from bytes to cleaned and identified items; `collecting` with HTTP, the ledger and the rest.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

import feedparser

from digest.collect.flow import collect
from digest.collect.identify import Habits, identify
from digest.collect.parse.feed import parse_feed
from digest.fetch import Fetcher
from digest.settings import Settings
from digest.store.database import connect
from digest.store.migrate import upgrade

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.sites import Site

WORDS = [
    "tin",
    "copper",
    "zinc",
    "recycled",
    "audit",
    "site",
    "standard",
    "metal",
    "market",
    "review",
    "mining",
    "water",
]
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def paragraph(chance: random.Random) -> str:
    words = [chance.choice(WORDS) for _ in range(60)]
    words[3] = f'<a href="https://example.org/{chance.randrange(999)}/?utm_source=feed">{words[3]}</a>'
    words[7], words[9] = f"<strong>{words[7]}</strong>", f"&#8217;{words[9]}"
    return f"<p>{' '.join(words)}.</p>\n"


def wordpress(entries: int = 100, size: int = 6_000) -> bytes:
    """A feed as WordPress writes it: excerpt and whole text, classes, `srcset`, numeric references."""
    chance, items = random.Random(1), []
    for number in range(entries):
        text = "".join(paragraph(chance) for _ in range(size // 540 + 1))
        picture = (
            f'<figure class="wp-block-image"><img loading="lazy" width="1024" src="https://example.org/{number}.jpg" '
        )
        picture += f'alt="A picture" srcset="https://example.org/{number}-300.jpg 300w" /></figure>\n'
        date = format_datetime(datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=7 * number))
        items.append(
            f"<item><title>{escape(chance.choice(WORDS))} &#038; tin, number {number}</title>"
            f"<link>https://example.org/{number}/</link><pubDate>{date}</pubDate><dc:creator>Ana</dc:creator>"
            f'<category>News</category><guid isPermaLink="false">https://example.org/?p={number}</guid>'
            f"<description><![CDATA[{paragraph(chance)[:300]} [&#8230;]</p>]]></description>"
            f"<content:encoded><![CDATA[{picture}{text}]]></content:encoded></item>"
        )
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    body = f'<?xml version="1.0"?><rss version="2.0" {spaces}><channel><title>T</title>{"".join(items)}</channel></rss>'
    return body.encode()


def by_feedparser(body: bytes) -> None:
    feedparser.parse(body, response_headers={"content-type": "application/rss+xml"})


def reading(body: bytes) -> None:
    habits = Habits(zone=ZoneInfo("UTC"))
    for each in parse_feed(body, url="https://example.org/feed/").items:
        identify(each, habits, now=NOW)


def collecting(body: bytes) -> None:
    """Into an empty store that stands already, from a server on loopback that costs no time of ours."""

    async def main(url: str, folder: str) -> float:
        store = connect(f"sqlite:///{folder}/digest.db")
        await upgrade(store)
        declared = {"site": {"kind": "feed", "url": f"{url}/feed"}}
        settings = Settings.model_validate({"site": {"url": "https://news.example.org"}, "sources": declared})
        began = time.process_time()
        async with Fetcher(allow_private=("127.0.0.0/8",), gap=timedelta(0)) as fetcher:
            (report,) = await collect(store, settings, fetcher, now=NOW)
        took = time.process_time() - began
        assert (100, "") == (report.new, report.error)
        await store.close()
        return took

    site = Site()
    site.serve("/feed", body, Content_Type="text/xml")
    with tempfile.TemporaryDirectory() as folder:
        spent.append(asyncio.run(main(site.url, folder)))
    site.close()


spent: list[float] = []


def main(rounds: int) -> None:
    body = wordpress()
    cases: dict[str, Callable[[bytes], None]] = {
        "feedparser": by_feedparser,
        "reading": reading,
        "collecting": collecting,
    }
    took: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds + 1):
        for name, work in cases.items():
            began = time.process_time()
            work(body)
            took[name].append(spent.pop() if spent else time.process_time() - began)
    slow = statistics.median(took["feedparser"][1:])
    for name, times in took.items():
        middle = statistics.median(times[1:])
        row = {"case": name, "bytes": len(body), "cpu_ms": round(middle * 1000, 1), "times": round(slow / middle, 1)}
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 15)
