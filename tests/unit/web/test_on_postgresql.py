"""What PostgreSQL will not take, and SQLite does: a nought in a word."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.service.pushing import signature
from digest.store import migrate
from digest.store.database import connect
from digest.subscribers import tokens
from tests.unit.web.conftest import CONFIG, Site

pytestmark = pytest.mark.long
SECRET = "a secret of the tests and nobody else"


@pytest.fixture
def config(postgres_url: str, tmp_path: Path) -> str:
    asyncio.run(_migrated(postgres_url))
    declared = CONFIG.replace('"sqlite:///{folder}/digest.db"', f'"{postgres_url}"\nshared = "{tmp_path}"')
    return f'{declared}\n[sources.site]\nkind = "hook"\nurl = "https://site.example.org"\nsecret = "{SECRET}"\n'


async def _migrated(url: str) -> None:
    store = connect(url)
    await migrate.upgrade(store)
    await store.close()


def test_an_address_with_a_nought_is_no_page(site: Site) -> None:
    """Nothing is asked of the store that it cannot answer."""
    for path in ("/editions/newsflash/", "/subscribe/", "/announcements/", "/media/", "/unsubscribe/newsflash.k1.0."):
        assert site.get(f"{path}%00").status_code == 404, path


def test_a_nought_in_what_is_sent_to_us_breaks_nothing(site: Site) -> None:
    """By a form, or by a site that pushes."""
    link = f"/manage/{tokens.manage_token(site.house.keys, site.subscriber(), 'newsflash')}"
    for action in ("pause", "go_on", "leave", "language"):
        said = {"action": action, "digest": "\0", "months": "1", "language": "\0"}
        assert site.post(link, data=said).status_code < 500, action
    stamp = str(int(datetime.now(UTC).timestamp()))
    for pushed in ({"id": "one\0", "title": "A \0", "tags": ["\0"]}, {"id": "one\0", "deleted": True}):
        body = json.dumps(pushed).encode()
        signed = {"digest-timestamp": stamp, "digest-signature": signature(SECRET, stamp, body)}
        answer = site.post("/hooks/announcements", content=body, headers=signed)
        assert answer.status_code == 200, answer.text
