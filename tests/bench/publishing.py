"""Publishing one new announcement in archives of growing size: `python -m tests.bench.publishing [SIZE …]`.

A JSON object a line: the median of some in milliseconds, from the row to the documents that stand, and what the
first build of such an archive took.
"""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.collect.identify import Known
from digest.collect.keep import Keeper, keep
from digest.feeds.flow import build
from digest.model.announcements import IdentKind, Item, Precision
from digest.settings import Feed, Settings, Site
from digest.store import sources
from digest.store.database import Store, connect
from digest.store.migrate import upgrade

START = datetime(1994, 1, 1, tzinfo=UTC)
SETTINGS = Settings(
    site=Site(url="https://news.example.org"),
    feeds={
        "news": Feed(slug="news", title="News"),
        "rare": Feed(slug="rare", title="Rare", categories=("Rare",)),
    },
)
ROUNDS = 15
AT_ONCE = 1_000


def item(number: int) -> Known:
    """An announcement of some 1.6 KB; one in ten thousand is rare."""
    link = f"https://example.org/{number}/"
    made = Item(
        ident=link,
        ident_kind=IdentKind.LINK,
        aliases=(link,),
        link=link,
        title=f"Announcement {number}",
        summary="A few words about it.",
        content="<p>" + f"Words of announcement {number} that somebody reads. " * 32 + "</p>",
        full_text=True,
        language="en",
        categories=("Rare",) if number % 10_000 == 1 else ("News",),
        published_at=START + timedelta(hours=number),
        precision=Precision.SECOND,
        fingerprint=str(number),
    )
    return Known(item=made)


async def put(store: Store, numbers: range) -> None:
    async with store.write() as tx:
        source = await sources.ensure(tx, "site", kind="feed", url="https://example.org")
        keeper = Keeper(
            source_id=source.id,
            slug="site",
            site_url="https://news.example.org",
            digests=(),
            rank=lambda slug: 0,
            now=datetime.now(UTC),
        )
        await keep(tx, [item(number) for number in numbers], keeper)


async def measured(size: int, folder: Path) -> dict[str, object]:
    """One archive, filled and built, and then one announcement at a time."""
    store = connect(f"sqlite:///{folder}/{size}.db")
    await upgrade(store)
    started = time.perf_counter()
    for first in range(0, size, AT_ONCE):
        await put(store, range(first, min(size, first + AT_ONCE)))
    kept = time.perf_counter()
    await build(store, SETTINGS, now=datetime.now(UTC))
    built = time.perf_counter()
    times = []
    for number in range(size, size + ROUNDS):
        await put(store, range(number, number + 1))
        before = time.perf_counter()
        await build(store, SETTINGS, now=datetime.now(UTC))
        times.append((time.perf_counter() - before) * 1000)
    await store.close()
    return {
        "case": "publishing",
        "archive": size,
        "median_ms": round(statistics.median(times), 1),
        "worst_ms": round(max(times), 1),
        "first_keep_s": round(kept - started, 1),
        "first_build_s": round(built - kept, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for each in map(int, sys.argv[1:] or ("100", "10000", "100000")):
            print(json.dumps(asyncio.run(measured(each, Path(scratch)))), flush=True)
