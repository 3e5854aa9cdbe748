"""What a site pushes is taken when it is signed, lately, once; all else changes nothing."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from digest.service.house import opened
from digest.service.pushing import signature
from digest.settings import load
from digest.store import announcements
from digest.web import app
from tests.unit.web.conftest import CONFIG, Site

SECRET = "a secret of this test's own"
HOOKS = f"""
[sources.cms]
kind = "hook"
url = "https://example.org"
secret = "{SECRET}"
[sources.other]
kind = "hook"
url = "https://other.example.org"
secret = "another secret, of another site"
"""
POST = {
    "id": "42",
    "title": "A <b>new</b> & old",
    "url": "/42",
    "content_html": "<p onclick=x>Text</p><script>x</script>",
}


@pytest.fixture
def hooked(tmp_path: Path, empty: Path) -> Iterator[Site]:
    shutil.copy(empty, tmp_path / "digest.db")
    config = tmp_path / "digest.toml"
    config.write_text(CONFIG.format(folder=tmp_path) + HOOKS)
    stack = AsyncExitStack()
    with asyncio.Runner() as runner:
        house = runner.run(stack.enter_async_context(opened(load(config, {}))))
        yield Site(house, app.create(house), runner)
        runner.run(stack.aclose())


def push(site: Site, body: Any, *, secret: str = SECRET, at: float | None = None) -> httpx.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    timestamp = str(int(at or time.time()))
    headers = {
        "digest-timestamp": timestamp,
        "digest-signature": f"sha256={signature(secret, timestamp, raw)}",
    }
    return site.post("/hooks/announcements", content=raw, headers=headers)


def titles(site: Site) -> list[str]:
    async def go() -> list[str]:
        async with site.house.store.read() as tx:
            return [each.versions[0].title for each in await announcements.listed(tx)]

    return site.run(go())


def test_a_push_is_an_announcement(hooked: Site) -> None:
    """New, then the same, then revised, then deleted; clean, owed to digests, and in the feed at once."""
    answer = push(hooked, POST)
    assert (200, {"source": "cms", "new": 1, "revised": 0, "unchanged": 0, "warnings": []}) == (
        answer.status_code,
        answer.json(),
    )
    assert ["A new & old"] == titles(hooked)
    feed = hooked.get("/feeds/news.atom").text
    assert ("https://example.org/42" in feed, "onclick" in feed, "script" in feed) == (True, False, False)
    assert 1 == push(hooked, [POST]).json()["unchanged"]
    assert 1 == push(hooked, {"items": [POST | {"title": "Another"}]}).json()["revised"]
    assert 200 == push(hooked, {"id": "42", "deleted": True}).status_code
    assert [] == titles(hooked)


def test_a_push_is_taken_once(hooked: Site) -> None:
    """The same signature again is refused; a new one over the same words is not."""
    now = time.time()
    assert [200, 409] == [push(hooked, POST, at=now).status_code for _ in range(2)]
    assert 200 == push(hooked, POST, at=now - 1).status_code


def test_a_push_that_could_not_be_kept_may_come_again(hooked: Site) -> None:
    """503 while the store cannot take it; the very same push is taken afterwards."""
    full = "CREATE TRIGGER full BEFORE UPDATE OF last_success_at ON sources BEGIN SELECT RAISE(ABORT, 'disk full'); END"

    async def run(sql: str) -> None:
        async with hooked.house.store.write() as tx:
            await tx.execute(text(sql))

    at = time.time()
    hooked.run(run(full))
    assert 503 == push(hooked, POST, at=at).status_code
    hooked.run(run("DROP TRIGGER full"))
    assert [200, 409] == [push(hooked, POST, at=at).status_code for _ in range(2)]


def test_whoever_signed_is_the_source(hooked: Site) -> None:
    """The secret tells which."""
    assert "other" == push(hooked, POST, secret="another secret, of another site").json()["source"]


@pytest.mark.parametrize("shift", [-301, 302, -(10**6), 10**14])
def test_an_old_push_is_refused(hooked: Site, shift: int) -> None:
    """Five minutes before or after, and no more; a time that is none is no signature."""
    assert 401 == push(hooked, POST, at=time.time() + shift).status_code


@pytest.mark.parametrize("signed", ["0" * 64, "", "é", "sha256="])
def test_a_wrong_signature_is_refused(hooked: Site, signed: str) -> None:
    """Also none at all; nothing is kept."""
    headers = {"digest-timestamp": str(int(time.time())), "digest-signature": signed.encode("latin-1", "replace")}
    answer = hooked.post("/hooks/announcements", content=json.dumps(POST), headers=headers)
    assert (401, []) == (answer.status_code, titles(hooked))


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"nonsense", b'"text"', b"[1]", b"[" * 100_000, b'{"id": "1"}', b'{"title": "x"}', b"\xff\xfe",
     b'{"deleted": true}', b'{"items": {}}'],
)  # fmt: skip
def test_what_makes_no_sense_is_told(hooked: Site, body: bytes) -> None:
    """Signed and yet unreadable: 422 with the reason, and nothing kept."""
    answer = push(hooked, body)
    assert (422, True, []) == (answer.status_code, bool(answer.json()["error"]), titles(hooked))


def test_too_much_is_refused(hooked: Site) -> None:
    """A megabyte is enough, and only POST is taken."""
    assert 413 == push(hooked, b" " * 1_000_001).status_code
    assert 405 == hooked.get("/hooks/announcements").status_code


def test_no_hook_no_door(site: Site) -> None:
    """Where no source is a hook, nothing is taken."""
    assert 404 == push(site, POST).status_code
