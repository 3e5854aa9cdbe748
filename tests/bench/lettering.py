"""A month of forty items in four languages, from the sealed snapshot to letters: `python -m tests.bench.lettering`.

A JSON object: the median and the worst of some rounds in milliseconds of processor, for all four together, with the
house's templates and with a folder of one's own (whose time and memory are watched); and the octets of twelve items.
"""

from __future__ import annotations

import json
import secrets
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from digest import templating
from digest.demo import awkward
from digest.letter.holes import new_markers
from digest.letter.render import calendar_at, render
from digest.letter.views import SiteView
from digest.model.editions import Snapshot, SnapshotSection
from digest.templating.own import begin

ITEMS, LANGUAGES, ROUNDS = 40, ("en", "es", "fr", "de"), 9
SITE = SiteView(title="Metals Mark News", url="https://news.example.org", postal_address="1 Smelter Lane")


def month() -> Snapshot:
    """The ordinary month with as many more items in its first section."""
    full, many = awkward.editions()["full"], awkward.editions()["sixty items"].items
    first, *others = full.sections
    added = many[: ITEMS - len(full.items)]
    return replace(full, sections=(SnapshotSection(title=first.title, items=(*first.items, *added)), *others))


def measured(folders: tuple[Path, ...]) -> dict[str, float]:
    environment, snapshot, times = templating.environment(folders), month(), []
    assert ITEMS == len(snapshot.items)
    for _ in range(ROUNDS + 1):
        markers, before = new_markers(secrets.token_hex), time.process_time()
        for language in LANGUAGES:
            render(
                snapshot,
                language=language,
                site=SITE,
                environment=environment,
                markers=markers,
                calendar_link=calendar_at(SITE.url, language),
            )
        times.append((time.process_time() - before) * 1000)
    return {"first_ms": times[0], "median_ms": statistics.median(times[1:]), "worst_ms": max(times[1:])}


def octets() -> int:
    """Of the HTML of an ordinary month, which has twelve items."""
    full, markers = awkward.editions()["full"], new_markers(secrets.token_hex)
    environment = templating.environment()
    return len(render(full, language="en", site=SITE, environment=environment, markers=markers).html.encode())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        own = Path(scratch) / "ours"
        begin(own)
        for case, folders in {"composing": (), "composing, own templates": (own,)}.items():
            figures = {name: round(value, 1) for name, value in measured(folders).items()}
            print(json.dumps({"case": case, "items": ITEMS, "languages": len(LANGUAGES), **figures}))
        print(json.dumps({"case": "twelve items", "octets": octets()}))
