"""Pages that are the same for everybody are kept for a second; nobody's own page ever is."""

from __future__ import annotations

from typing import Any

import pytest

from digest.subscribers import tokens
from digest.web.app import create
from digest.web.feeds import Feeds
from digest.web.kept import MOST, Kept
from digest.web.poll import Poll
from tests.unit.web.conftest import Site

PUBLIC = ["/", "/?lang=es", "/subscribe/newsflash", "/editions/newsflash/", "/editions/newsflash/2026-06-26"]


class Counted(Feeds):
    """The feeds and what is behind them, which count what had to be made."""

    made = 0

    async def __call__(self, *asked: Any) -> None:
        self.made += 1
        await super().__call__(*asked)


class Kitchen:
    """A site whose clock stands still until it is told, and what it made."""

    def __init__(self, site: Site) -> None:
        self.at = 0.0
        inner = create(site.house)._feeds
        inner.__class__ = Counted
        self.counted: Any = inner
        self.kept = Kept(inner, clock=lambda: self.at)
        self.site: Site = type(site)(site.house, self.kept, site.runner)


@pytest.fixture
def kitchen(site: Site) -> Kitchen:
    site.seal()
    return Kitchen(site)


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_is_made_once_a_second(kitchen: Kitchen, path: str) -> None:
    """The same bytes meanwhile, whoever asks and whatever their browser says of itself."""
    first = kitchen.site.get(path)
    told = {"cookie": "a=b", "accept-language": "es", "accept-encoding": "gzip", "host": "evil.example.org"}
    again = kitchen.site.get(path, headers=told)
    assert (again.status_code, again.content, again.headers) == (200, first.content, first.headers)
    assert kitchen.counted.made == 1
    kitchen.at = 1.0
    assert kitchen.site.get(path).content == first.content
    assert kitchen.counted.made == 2


def test_what_changed_is_seen_a_second_later(kitchen: Kitchen) -> None:
    """An edition that is out, an announcement, the form."""
    before = [kitchen.site.get(path).text for path in ("/", "/editions/newsflash/")]
    kitchen.site.seal("2026-07-31")
    assert before == [kitchen.site.get(path).text for path in ("/", "/editions/newsflash/")]
    kitchen.at = 1.0
    for path in ("/", "/editions/newsflash/"):
        assert "2026-07-31" in kitchen.site.get(path).text
    assert kitchen.site.get("/editions/newsflash/2026-07-31").status_code == 200


def test_what_was_not_there_is_seen_at_once(kitchen: Kitchen) -> None:
    """A page that is missing is looked for each time, and one that has moved too."""
    assert kitchen.site.get("/editions/newsflash/2026-07-31").status_code == 404
    kitchen.site.seal("2026-07-31")
    assert kitchen.site.get("/editions/newsflash/2026-07-31").status_code == 200
    assert [kitchen.site.get("/editions/newsflash").status_code for _ in range(2)] == [308, 308]


def test_nobodys_own_page_is_kept(kitchen: Kitchen) -> None:
    """A link of a letter, a form that was posted, a search: each is made for whoever asks."""
    site, keys = kitchen.site, kitchen.site.house.keys
    handle = site.subscriber()
    leave = f"/unsubscribe/{tokens.unsubscribe_token(keys, handle, 'newsflash')}"
    manage = f"/manage/{tokens.manage_token(keys, handle, 'newsflash')}"
    for path in (leave, manage, "/editions/newsflash/?q=curve", "/health/live", "/feeds/"):
        assert [site.get(path).status_code for _ in range(2)] == [200, 200]
    for _ in range(2):
        assert site.post("/subscribe/newsflash", data={"email": "no address"}).status_code == 422
    assert kitchen.counted.made == 12
    assert kitchen.kept._pages == {}


def test_a_page_that_a_browser_has_is_not_sent_again(kitchen: Kitchen) -> None:
    """304 with every header but those of a body; another tag gets the page."""
    full = kitchen.site.get("/")
    kitchen.at = 1.0
    for _ in range(2):
        same = kitchen.site.get("/", headers={"if-none-match": full.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        described = {"content-length", "content-type"}
        assert dict(same.headers) == {k: v for k, v in full.headers.items() if k not in described}
    assert kitchen.site.get("/", headers={"if-none-match": '"other"'}).content == full.content


@pytest.mark.parametrize("path", PUBLIC)
def test_head_is_answered_as_get_without_its_body(kitchen: Kitchen, path: str) -> None:
    """The same headers, the tag among them, and 304 to whoever has the page; from the page that is kept."""
    site, first = kitchen.site, kitchen.site.run(kitchen.site.request("HEAD", path))
    full = site.get(path)
    assert (first.status_code, first.headers, first.content) == (200, full.headers, b"")
    known = {"if-none-match": full.headers["etag"]}
    assert site.run(site.request("HEAD", path, headers=known)).status_code == 304
    assert kitchen.counted.made == 1


def test_memory_has_a_bound(kitchen: Kitchen) -> None:
    """Addresses that say the same in other words take no more room; what is old makes way."""
    for number in range(MOST + 5):
        assert kitchen.site.get(f"/?lang=en-x{number:03}").status_code == 200
    assert len(kitchen.kept._pages) == MOST
    kitchen.at = 1.0
    assert kitchen.site.get("/").status_code == 200
    assert list(kitchen.kept._pages) == ["/"]


def test_a_plain_request_is_answered_from_the_same_page(kitchen: Kitchen) -> None:
    """Byte for byte, a 304 too, and only while it is fresh."""
    asked = Poll("", "", "/", {b"host": b"x"})
    assert kitchen.kept.at_once(asked, []) is None
    full = kitchen.site.get("/")
    lines = "".join(f"{name}: {value}\r\n" for name, value in full.headers.items())
    assert kitchen.kept.at_once(asked, []) == f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode() + full.content
    known = Poll("", "", "/", {b"if-none-match": full.headers["etag"].encode()})
    answer = kitchen.kept.at_once(known, [(b"date", b"today")])
    assert answer is not None
    assert answer.startswith(b"HTTP/1.1 304 Not Modified\r\ndate: today\r\n")
    kitchen.at = 1.0
    assert kitchen.kept.at_once(asked, []) is None
