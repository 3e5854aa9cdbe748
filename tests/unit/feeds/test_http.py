"""The feeds as a reader polls them, over a real socket."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from digest import templating
from digest.feeds.flow import build
from digest.feeds.index import page
from digest.store import documents
from digest.store.database import Store
from digest.store.schema import feed_documents
from digest.web.feeds import Feeds
from tests.unit.feeds.conftest import Newsroom


async def behind(scope: Scope, receive: Receive, send: Send) -> None:
    """The application that the feeds stand in front of."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 299, "headers": [(b"x-path", scope["path"].encode())]})
        await send({"type": "http.response.body", "body": b"behind"})


class Reader:
    """One announcement published, built and served; `clock` is the server's."""

    def __init__(self, newsroom: Newsroom, store: Store, web: httpx.AsyncClient) -> None:
        self.newsroom, self.store, self.web = newsroom, store, web
        self.clock: datetime = newsroom.noon

    async def rebuild(self) -> None:
        await build(self.store, self.newsroom.settings(), now=self.clock)

    async def get(self, form: str = "atom", method: str = "GET", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.web.request(method, f"/feeds/news.{form}", headers=named)


Play = Callable[[Callable[[Reader], Coroutine[Any, Any, None]]], None]


@pytest.fixture
def served(newsroom: Newsroom) -> Play:
    """Play a story with a reader of a real server on loopback."""

    def play(story: Callable[[Reader], Coroutine[Any, Any, None]]) -> None:
        async def run(store: Store) -> None:
            reader: Reader
            app = Feeds(behind, store, newsroom.settings(), check_every=0, clock=lambda: reader.clock)
            config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", h11_max_incomplete_event_size=65536)
            server = uvicorn.Server(config)
            task = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 - the server offers nothing to wait on
                await asyncio.sleep(0)
            port = server.servers[0].sockets[0].getsockname()[1]
            plain = {"accept-encoding": "identity"}
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=plain, trust_env=False) as web:
                reader = Reader(newsroom, store, web)
                await newsroom.publish(store, 1)
                await reader.rebuild()
                await story(reader)
            server.should_exit = True
            await task

        newsroom.run(run)

    return play


def test_a_poll_gets_the_feed_with_all_its_headers(served: Play) -> None:
    """Right type, length, validators and freshness; the same again; every format."""

    async def story(reader: Reader) -> None:
        types = {
            "atom": "application/atom+xml; charset=utf-8",
            "rss": "application/rss+xml; charset=utf-8",
            "json": "application/feed+json",
        }
        for form, media_type in types.items():
            first, second = await reader.get(form), await reader.get(form, accept="text/html", user_agent="odd")
            assert first.status_code == second.status_code == 200
            assert first.content == second.content
            assert first.headers["content-type"] == media_type
            assert first.headers["content-length"] == str(len(first.content))
            assert first.headers["etag"] == second.headers["etag"]
            assert first.headers["etag"].startswith('"')
            assert parsedate_to_datetime(first.headers["last-modified"]) == reader.clock
            assert first.headers["vary"] == "accept-encoding, sec-fetch-dest"
            assert first.headers["cache-control"] == "public, max-age=300"
            assert first.headers["x-content-type-options"] == "nosniff"
            assert first.headers["access-control-allow-origin"] == "*"
            assert "set-cookie" not in first.headers
        assert [each.title for each in feedparser.parse((await reader.get("rss")).content).entries] == ["Number 1"]

    served(story)


def test_what_did_not_change_is_not_sent_again(served: Play) -> None:
    """304 by either validator, the tag first, with no body and the headers of a 200."""

    async def story(reader: Reader) -> None:
        full = await reader.get()
        tag, date = full.headers["etag"], full.headers["last-modified"]
        old = "Thu, 01 Jan 1970 00:00:00 GMT"
        many = ", ".join(f'"{number:032x}"' for number in range(800))
        same = [
            await reader.get(if_none_match=tag),
            await reader.get(if_none_match=f"W/{tag}"),
            await reader.get(if_none_match="*"),
            await reader.get(if_none_match=f"{many}, {tag}"),
            await reader.get(if_none_match=tag, if_modified_since=old),
            await reader.get(if_modified_since=date),
            await reader.get(method="HEAD", if_none_match=tag),
        ]
        for answer in same:
            assert (answer.status_code, answer.content) == (304, b"")
            for name in ("etag", "last-modified", "vary", "cache-control"):
                assert answer.headers[name] == full.headers[name]
        for answer in (
            await reader.get(if_none_match='"other"', if_modified_since=date),
            await reader.get(if_modified_since=old),
            await reader.get(if_modified_since="garbage"),
        ):
            assert (answer.status_code, answer.content) == (200, full.content)

    served(story)


def test_gzip_is_the_same_document_under_its_own_tag(served: Play) -> None:
    """Sent when it is liked, decoded to the same bytes, 304 by its own tag and not by the other's."""

    async def story(reader: Reader) -> None:
        plain = await reader.get()
        packed = await reader.get(accept_encoding="gzip, br")
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert packed.content == plain.content
        assert int(packed.headers["content-length"]) < len(plain.content)
        assert packed.headers["vary"] == plain.headers["vary"]
        assert packed.headers["etag"] != plain.headers["etag"]
        again = await reader.get(accept_encoding="gzip", if_none_match=packed.headers["etag"])
        assert (again.status_code, again.headers["etag"]) == (304, packed.headers["etag"])
        crossed = await reader.get(accept_encoding="gzip", if_none_match=plain.headers["etag"])
        assert crossed.status_code == 200
        assert "content-encoding" not in (await reader.get(accept_encoding="gzip;q=0")).headers
        async with reader.store.read() as tx:
            stored = await documents.of(tx, "news")
        assert [gzip.decompress(x.body) for x in stored if (x.format, x.encoding) == ("atom", "gzip")] == [
            plain.content
        ]

    served(story)


@pytest.mark.parametrize("change", ["new", "edit", "delete"])
def test_a_change_is_seen_by_every_validator(served: Play, change: str) -> None:
    """Within the same second even: another tag, and the old date gets the new document."""

    async def story(reader: Reader) -> None:
        before = await reader.get()
        if change == "new":
            await reader.newsroom.publish(reader.store, 2)
        elif change == "edit":
            await reader.newsroom.retitle(reader.store, 1, "Edited", at=reader.clock)
        else:
            await reader.newsroom.retract(reader.store, 1, at=reader.clock)
        await reader.rebuild()
        after = await reader.get(if_modified_since=before.headers["last-modified"])
        assert after.status_code == 200
        assert after.content != before.content
        assert after.headers["etag"] != before.headers["etag"]
        assert (await reader.get(if_none_match=before.headers["etag"])).status_code == 200
        # No date is sent before it has come; a moment later it stands.
        assert parsedate_to_datetime(after.headers["last-modified"]) <= reader.clock
        reader.clock += timedelta(seconds=1)
        settled = await reader.get(if_modified_since=before.headers["last-modified"])
        assert settled.status_code == 200
        assert (await reader.get(if_modified_since=settled.headers["last-modified"])).status_code == 304

    served(story)


def test_only_reading_is_allowed(served: Play) -> None:
    """HEAD is a GET without its body; anything else is told what is allowed; a preflight is answered."""

    async def story(reader: Reader) -> None:
        full, head = await reader.get(), await reader.get(method="HEAD")
        assert (head.status_code, head.content) == (200, b"")
        assert {k: v for k, v in head.headers.items() if k != "date"} == {
            k: v for k, v in full.headers.items() if k != "date"
        }
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            refused = await reader.get(method=method)
            assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
        preflight = await reader.get(method="OPTIONS")
        assert preflight.status_code == 204
        assert "if-none-match" in preflight.headers["access-control-allow-headers"]
        assert (await reader.get()).content == full.content

    served(story)


def test_nothing_of_a_request_is_reflected(served: Play) -> None:
    """Host, forwarding headers, queries and ranges change no byte."""

    async def story(reader: Reader) -> None:
        full = await reader.get()
        forged = await reader.get(
            host="evil.example",
            x_forwarded_host="evil.example",
            forwarded="host=evil.example",
            range="bytes=0-3",
            a_im="feed",
        )
        assert (forged.status_code, forged.content) == (200, full.content)
        assert "evil" not in str(forged.headers)
        for query in ("?a=b", "?%00", "?../../etc/passwd", "?<script>", "?" + "x" * 4000):
            answer = await reader.web.get(f"/feeds/news.atom{query}")
            assert (answer.status_code, answer.content) == (200, full.content)

    served(story)


def test_strange_paths_are_no_feeds(served: Play) -> None:
    """An unknown feed is 404; what is not ours goes to the application behind."""

    async def story(reader: Reader) -> None:
        assert (await reader.web.get("/feeds/nope.atom")).status_code == 404
        assert (await reader.web.head("/feeds/nope.atom")).content == b""
        for path in (
            "/",
            "/feedsx",
            "/feeds/news.xml",
            "/feeds/NEWS.atom",
            "/feeds/news.atom/",
            "/feeds/%2e%2e/news.atom",
        ):
            assert (await reader.web.get(path)).status_code == 299
        moved = await reader.web.get("/feeds")
        assert (moved.status_code, moved.headers["location"]) == (308, "feeds/")

    served(story)


def test_the_page_lists_every_feed_for_people_and_readers(served: Play) -> None:
    """HTML with autodiscovery links, addresses from the configuration, and 304 like any document."""

    async def story(reader: Reader) -> None:
        page = await reader.web.get("/feeds/", headers={"host": "evil.example"})
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        for form in ("atom", "rss", "json"):
            assert page.text.count(f'href="https://news.example.org/feeds/news.{form}"') == 2
        assert page.text.count('rel="alternate"') == 3
        assert "evil" not in page.text
        again = await reader.web.get("/feeds/", headers={"if-none-match": page.headers["etag"]})
        assert again.status_code == 304

    served(story)


def test_the_page_of_feeds_is_one_of_ours(newsroom: Newsroom) -> None:
    """In the site's language, addresses to copy, a way home, and with its style in it: as a file it stands alone."""
    settings = newsroom.settings()
    spanish = settings.model_copy(update={"site": settings.site.model_copy(update={"language": "es"})})
    shown = page(spanish, templating.environment())
    assert '<html lang="es" dir="ltr">' in shown
    assert "<h1>Canales</h1>" in shown
    assert ">https://news.example.org/feeds/news.atom</a>" in shown
    assert 'class="home" href="https://news.example.org/"' in shown
    assert ("<style>" in shown, 'rel="stylesheet"' in shown) == (True, False)


def test_a_feed_opened_in_a_browser_names_a_style_sheet(served: Play) -> None:
    """By a path of its own host, which serves it as CSS; and it comes as XML, which browsers show, by another tag."""

    async def story(reader: Reader) -> None:
        for form in ("atom", "rss"):
            feed = (await reader.get(form)).text
            assert feed.splitlines()[1] == '<?xml-stylesheet type="text/css" href="/feeds/feed.css"?>'
            polled, opened = await reader.get(form), await reader.get(form, sec_fetch_dest="document")
            assert opened.headers["content-type"] == "text/xml; charset=utf-8"
            assert opened.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
            assert opened.content == polled.content
            assert opened.headers["etag"] != polled.headers["etag"]
            assert opened.headers["vary"] == polled.headers["vary"]
            tag = {"sec_fetch_dest": "document", "if_none_match": opened.headers["etag"]}
            assert (await reader.get(form, **tag)).status_code == 304
        assert (await reader.get("json", sec_fetch_dest="document")).headers["content-type"] == "application/feed+json"
        sheet = await reader.web.get("/feeds/feed.css")
        assert (sheet.status_code, sheet.headers["content-type"]) == (200, "text/css; charset=utf-8")
        again = await reader.web.get("/feeds/feed.css", headers={"if-none-match": sheet.headers["etag"]})
        assert again.status_code == 304

    served(story)


@pytest.mark.long
def test_an_archive_document_not_built_yet_says_come_back(served: Play) -> None:
    """The current document may link to it a moment before it stands: 503, and never 404."""

    async def story(reader: Reader) -> None:
        for number in range(2, 53):
            await reader.newsroom.publish(reader.store, number)
        await reader.rebuild()
        async with reader.store.write() as tx:
            await tx.execute(feed_documents.delete().where(feed_documents.c.part == "archive/1"))
        answer = await reader.web.get("/feeds/news/archive/1.atom")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert (await reader.web.get("/feeds/news/archive/2.atom")).status_code == 404

    served(story)


def test_many_readers_at_once_get_the_same(served: Play) -> None:
    """Thirty polls side by side, one answer."""

    async def story(reader: Reader) -> None:
        answers = await asyncio.gather(*(reader.get(form) for form in ("atom", "rss", "json") for _ in range(10)))
        assert {each.status_code for each in answers} == {200}
        assert len({each.content for each in answers}) == 3

    served(story)


async def ask(app: Feeds, path: str, method: str = "GET", scope_type: str = "http") -> tuple[int, bytes]:
    """One request by ASGI alone."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    await app({"type": scope_type, "path": path, "method": method, "headers": []}, receive, send)
    return (sent[0]["status"], sent[1]["body"]) if sent else (0, b"")


def test_a_feed_not_built_yet_says_come_back(newsroom: Newsroom) -> None:
    """503 until the first build, then the feed, and no restart between."""

    async def story(store: Store) -> None:
        app = Feeds(behind, store, newsroom.settings(), check_every=0)
        assert (await ask(app, "/feeds/news.atom"))[0] == 503
        await build(store, newsroom.settings(), now=newsroom.noon)
        assert (await ask(app, "/feeds/news.atom"))[0] == 200
        assert await ask(app, "/", scope_type="lifespan") == (0, b"")

    newsroom.run(story)


def test_the_store_is_asked_once_in_a_while_and_may_be_away(newsroom: Newsroom, tmp_path: Path) -> None:
    """Between looks at the store memory answers; when the store is gone, memory still does."""

    async def story(store: Store) -> None:
        patient = Feeds(behind, store, newsroom.settings(), check_every=3600)
        eager = Feeds(behind, store, newsroom.settings(), check_every=0)
        await newsroom.publish(store, 1)
        await build(store, newsroom.settings(), now=newsroom.noon)
        before = await ask(patient, "/feeds/news.json")
        await newsroom.retitle(store, 1, "Edited", at=newsroom.noon)
        await build(store, newsroom.settings(), now=newsroom.noon)
        assert await ask(patient, "/feeds/news.json") == before
        edited = await ask(eager, "/feeds/news.json")
        assert b"Edited" in edited[1]
        await store.close()
        (tmp_path / "digest.db").rename(tmp_path / "away")
        assert await ask(eager, "/feeds/news.json") == edited
        assert (await ask(Feeds(behind, store, newsroom.settings()), "/feeds/news.json"))[0] == 503
        (tmp_path / "digest.db").unlink(missing_ok=True)

    newsroom.run(story)


def test_the_page_escapes_what_operators_write(newsroom: Newsroom) -> None:
    """A title is text wherever it stands."""

    async def story(store: Store) -> None:
        app = Feeds(behind, store, newsroom.settings(news={"title": '"><script>x</script>', "description": "<b>"}))
        _, body = await ask(app, "/feeds/")
        assert b"<script" not in body
        assert b"&lt;b&gt;" in body

    newsroom.run(story)


def test_an_archive_document_is_served_like_any_other(served: Play) -> None:
    """Plain and packed with a tag each, 304 by either, revalidated rather than kept for ever; 404 past the end."""

    async def story(reader: Reader) -> None:
        feed = "/feeds/news/archive/{}.atom"
        assert (await reader.web.get(feed.format(1))).status_code == 404
        for number in range(2, 53):
            await reader.newsroom.publish(reader.store, number)
        await reader.rebuild()
        plain = await reader.web.get(feed.format(1))
        packed = await reader.web.get(feed.format(1), headers={"accept-encoding": "gzip"})
        assert (plain.status_code, packed.headers["content-encoding"]) == (200, "gzip")
        assert plain.content == packed.content
        assert plain.headers["content-type"] == "application/atom+xml; charset=utf-8"
        assert plain.headers["etag"] != packed.headers["etag"]
        assert "immutable" not in plain.headers["cache-control"]
        for each in (plain, packed):
            encoding = {"accept-encoding": each.headers.get("content-encoding", "identity")}
            again = await reader.web.get(feed.format(1), headers={"if-none-match": each.headers["etag"], **encoding})
            assert (again.status_code, again.content) == (304, b"")
        assert len(feedparser.parse(plain.content).entries) == 50
        for missing in ("2", "0", "01", "-1", "9" * 30, "1.rss"):
            assert (await reader.web.get(feed.format(missing))).status_code in (404, 299)

    served(story)
