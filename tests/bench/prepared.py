"""A house for the bench: thirty kilobytes of news sealed for so many people, who are put into the ledger at once."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

from digest.service import collecting, composing
from digest.service.house import House, opened
from digest.settings import load
from tests.builders import CONFIG, folder_source

CONNECTIONS = 10
AT = datetime(2025, 6, 27, 8, tzinfo=UTC)
STORIES = 12
"""30.6 KB with all that is around them, as much as what smtp-source sends."""
TEXT = "What was announced, in a sentence that says neither too much nor too little about it all. " * 3
PEOPLE = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO subscribers (handle, email, email_norm, name, language, created_at)
SELECT printf('%016d', i), 'person' || i || '@example.org', 'person' || i || '@example.org',
       'Person Number ' || i, 'en', '2025-01-01T00:00:00.000000Z' FROM n
"""
SUBSCRIPTIONS = """
INSERT INTO subscriptions (subscriber_id, digest, state, basis, changed_at, confirmed_at)
SELECT id, 'newsflash', 'confirmed', 'consent', created_at, created_at FROM subscribers
"""


def declared(folder: Path) -> Path:
    """A configuration whose relay the environment names, without a pace, its connections kept."""
    notes = folder / "notes"
    notes.mkdir()
    for number in range(STORIES):
        head = f'title: "Announcement number {number}"\ndate: 2025-06-{number % 20 + 1:02}\nsummary: "{TEXT}"'
        (notes / f"{number}.md").write_text(f"---\n{head}\n---\n{TEXT}\n")
    text = CONFIG.format(
        database="sqlite:///var/digest.db", smtp=1, sources=folder_source(folder), digest='grace = "0"'
    )
    kept = f"connections = {CONNECTIONS}\nmessages_per_connection = 1000000"
    path = folder / "digest.toml"
    path.write_text(text.replace("connections = 4", kept))
    return path


def settings(folder: Path, **environ: str) -> object:
    """The house's settings; `environ` is all the environment there is."""
    return load(folder / "digest.toml", environ=environ)


async def prepare(folder: Path, count: int, *, seal: bool) -> None:
    """The people, and an edition; `seal` it, or leave that to be measured."""
    async with opened(load(declared(folder), environ={})) as house:
        await collecting.collect(house, ())
        people(house, count)
        if seal:
            await composing.compose(house, "newsflash", at=AT)


def people(house: House, count: int) -> None:
    """Rows as an import makes them; a million in seconds."""
    assert house.store.folder
    database = sqlite3.connect(house.store.folder / "digest.db")
    with database:
        database.execute(PEOPLE, {"count": count})
        database.execute(SUBSCRIPTIONS)
    database.close()


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    asyncio.run(prepare(Path(sys.argv[1]), int(sys.argv[2]), seal=sys.argv[3] == "seal"))
