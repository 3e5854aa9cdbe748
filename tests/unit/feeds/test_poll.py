"""A plain poll is answered ahead of the HTTP library, and nobody can tell by the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from typing import Any

import h11
import pytest
import uvicorn
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from digest.feeds.flow import build
from digest.store.database import Store
from digest.web import poll
from digest.web.feeds import Feeds
from digest.web.protocol import protocol
from tests.unit.feeds.conftest import Newsroom

Lines = tuple[str, ...]
HOST = "Host: news.example.org"
# A line that changes no answer, and that the fast way leaves to the library.
SLOW = "Te: trailers"


def head(*lines: str, start: str = "GET /feeds/news.atom HTTP/1.1") -> bytes:
    return "".join(f"{line}\r\n" for line in (start, *lines, "")).encode("latin-1")


def test_a_plain_poll_is_read() -> None:
    """Slug, format and headers, names in lower case, values trimmed; a query says nothing."""
    found = poll.read(
        head(HOST, 'IF-NONE-MATCH:  "a" ', "Connection: keep-alive", start="GET /feeds/a_1.rss?x HTTP/1.1")
    )
    assert found == poll.Poll("a_1", "rss", "", {b"host": b"news.example.org", b"if-none-match": b'"a"'})


@pytest.mark.parametrize(
    "page",
    ["/", "/?lang=es", "/subscribe/newsflash", "/editions/newsflash/2026-06-26?lang=pt-BR", "/announcements/0a-2"],
)
def test_a_plain_page_is_read(page: str) -> None:
    """One that is the same for everybody, by path and language, whatever else a browser says."""
    found = poll.read(head(HOST, "Sec-Fetch-Dest: document", start=f"GET {page} HTTP/1.1"))
    assert found == poll.Poll("", "", page, {b"host": b"news.example.org", b"sec-fetch-dest": b"document"})


@pytest.mark.parametrize(
    "other",
    [
        b"",
        head(HOST, "Sec-Fetch-Dest: document"),
        head(HOST, start="GET /unsubscribe/newsflash.t.0.abc HTTP/1.1"),
        head(HOST, start="GET /manage/newsflash.t.0.abc HTTP/1.1"),
        head(HOST, start="GET /confirm/newsflash.t.0.abc HTTP/1.1"),
        head(HOST, start="GET /editions/newsflash/?q=steel HTTP/1.1"),
        head(HOST, start="GET /editions/%6eewsflash/ HTTP/1.1"),
        head(HOST, start="GET /?lang=es&utm_source=x HTTP/1.1"),
        head(HOST, start="POST /subscribe/newsflash HTTP/1.1"),
        head(),
        head(HOST)[:-2],
        head(HOST) + b"G",
        head(HOST) * 2,
        head(HOST, HOST),
        head(HOST, "If-None-Match: a", "If-None-Match: b"),
        head(HOST, "Connection: close"),
        head(HOST, "Connection: keep-alive", "Connection: close"),
        head(HOST, "Content-Length: 1"),
        head(HOST, "Transfer-Encoding: chunked"),
        head(HOST, "Expect: 100-continue"),
        head(HOST, "Upgrade: websocket"),
        head(HOST, " folded"),
        head(HOST, "Bad Name: x"),
        head(HOST, "X: \x00"),
        head(HOST, "X: a\rb"),
        head(HOST, "X: " + "x" * poll.LONGEST),
        head(HOST, start="HEAD /feeds/news.atom HTTP/1.1"),
        head(HOST, start="GET /feeds/news.atom HTTP/1.0"),
        head(HOST, start="GET /feeds/news.atom HTTP/1.1 "),
        head(HOST, start="GET /feeds/news.atom#x HTTP/1.1"),
        head(HOST, start="GET /feeds/news.atom?\xe9 HTTP/1.1"),
        head(HOST, start="GET /feeds/ HTTP/1.1"),
        head(HOST, start="GET http://x/feeds/news.atom HTTP/1.1"),
        head(HOST).replace(b"\r\n", b"\n"),
    ],
)
def test_what_is_not_plain_is_left_to_the_library(other: bytes) -> None:
    """A body, a second request, half a request, anything about the connection, anything odd."""
    assert poll.read(other) is None


names = st.sampled_from(["Host", "Accept", "If-None-Match", "X", "connection", "Content-Length", "é", ""])
values = st.text(alphabet=st.characters(max_codepoint=255), max_size=9)


@given(st.binary() | st.lists(st.tuples(names, values).map(": ".join), max_size=4).map(lambda x: head(HOST, *x)))
@example(head(HOST, "X:\t "))
def test_what_is_read_the_library_reads_alike(data: bytes) -> None:
    """Whatever comes: never more lenient than the library, and never other words."""
    found = poll.read(data)
    if found is None:
        return
    library = h11.Connection(h11.SERVER)
    library.receive_data(data)
    request = library.next_event()
    assert isinstance(request, h11.Request)
    headers = {bytes(name): bytes(value) for name, value in request.headers}
    headers.pop(b"connection", None)
    assert headers == found.headers
    assert type(library.next_event()) is h11.EndOfMessage
    assert library.trailing_data == (b"", False)


async def behind(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"page"})


class Counted(Feeds):
    """Feeds that count what reached them by the slow way."""

    slow = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.slow += 1
        await super().__call__(scope, receive, send)


class Line:
    """A connection, read answer by answer."""

    def __init__(self, app: Counted, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.app, self.reader, self.writer = app, reader, writer

    async def ask(self, *lines: str, start: str = "GET /feeds/news.atom HTTP/1.1") -> bytes:
        self.writer.write(head(HOST, *lines, start=start))
        return await self.answer()

    async def answer(self) -> bytes:
        """The next whole answer but for its date, which is checked to be there."""
        text = await self.reader.readuntil(b"\r\n\r\n")
        lines = text.split(b"\r\n")
        (date,) = [line for line in lines if line.startswith(b"date: ")]
        assert date.endswith(formatdate(usegmt=True)[-4:].encode())
        length = [int(line[16:]) for line in lines if line.startswith(b"content-length: ")]
        kept = b"\r\n".join(line for line in lines if line != date)
        return kept + await self.reader.readexactly(length[0] if length and b" 304 " not in lines[0] else 0)


Story = Callable[[Line], Coroutine[Any, Any, None]]
Play = Callable[[Story], None]


@pytest.fixture
def line(newsroom: Newsroom) -> Play:
    """Play a story on a connection to a server whose feeds are in memory."""

    async def run(store: Store, story: Story) -> None:
        await newsroom.publish(store, 1)
        await build(store, newsroom.settings(), now=newsroom.noon)
        app = Counted(behind, store, newsroom.settings(), check_every=3600)
        config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", http=protocol(app), server_header=False)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - the server offers nothing to wait on
            await asyncio.sleep(0)
        port = server.servers[0].sockets[0].getsockname()[1]
        first = Line(app, *await asyncio.open_connection("127.0.0.1", port))
        await first.ask()
        assert app.slow == 1
        await story(first)
        first.writer.close()
        server.should_exit = True
        await task

    return lambda story: newsroom.run(lambda store: run(store, story))


def test_both_ways_give_the_same_answer(line: Play) -> None:
    """Every header and byte, for all that a poll may ask; the fast way is taken, and after the slow one again."""

    async def story(at: Line) -> None:
        full = await at.ask()
        (tag,) = [part[6:].decode() for part in full.split(b"\r\n") if part.startswith(b"etag: ")]
        (date,) = [part[15:].decode() for part in full.split(b"\r\n") if part.startswith(b"last-modified: ")]
        asked: list[Lines] = [
            (),
            ("Accept-Encoding: gzip",),
            ("Accept-Encoding: gzip;q=0",),
            (f"If-None-Match: {tag}",),
            (f"If-None-Match: W/{tag}",),
            ("If-None-Match: *",),
            ('If-None-Match: "other"', f"If-Modified-Since: {date}"),
            (f"If-Modified-Since: {date}",),
            ("If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT",),
            ("If-Modified-Since: nonsense",),
            ("Range: bytes=0-3", "A-IM: feed", "X-Forwarded-Host: evil.example"),
        ]
        for lines in asked:
            before = at.app.slow
            fast = await at.ask(*lines)
            assert at.app.slow == before
            assert await at.ask(*lines, SLOW) == fast
            assert at.app.slow == before + 1

    line(story)


def test_a_connection_carries_every_kind_of_request_in_turn(line: Play) -> None:
    """In pieces, one behind the other, pages between, HEAD: answers come whole and in order."""

    async def story(at: Line) -> None:
        full = await at.ask()
        for byte in head(HOST):
            at.writer.write(bytes([byte]))
            await at.writer.drain()
        assert await at.answer() == full
        at.writer.write(head(HOST) * 3 + head(HOST, start="GET / HTTP/1.1") + head(HOST))
        answers = [await at.answer() for _ in range(5)]
        assert answers[:3] + answers[4:] == [full] * 4
        assert answers[3].endswith(b"page")
        at.writer.write(head(HOST, "Content-Length: 3", start="POST /feeds/news.atom HTTP/1.1") + b"abc")
        assert (await at.answer()).startswith(b"HTTP/1.1 405 ")
        assert await at.ask() == full
        at.writer.write(head(HOST, start="HEAD /feeds/news.atom HTTP/1.1"))
        assert (await at.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        assert await at.ask() == full
        last = await at.ask("Connection: close")
        assert b"connection: close" in last.lower()
        assert await at.reader.read() == b""

    line(story)


def test_a_reader_that_does_not_read_still_gets_everything(line: Play) -> None:
    """Far more asked than a socket holds, nothing taken till the end: all of it comes, and nothing is mixed up."""

    async def story(at: Line) -> None:
        full = await at.ask()
        many = 2_000
        for _ in range(many // 10):
            at.writer.write(head(HOST) * 9)
            await asyncio.sleep(0)
            at.writer.write(head(HOST))
            await asyncio.sleep(0)
        assert [await at.answer() for _ in range(many)] == [full] * many

    line(story)


def test_http_1_0_and_a_missing_host_are_the_librarys(line: Play) -> None:
    """The one is answered and the connection closed; the other is refused."""

    async def story(at: Line) -> None:
        port = at.writer.get_extra_info("peername")[1]
        for asked, status in (
            (b"GET /feeds/news.atom HTTP/1.0\r\n\r\n", b"HTTP/1.1 200 "),
            (b"GET /feeds/news.atom HTTP/1.1\r\n\r\n", b"HTTP/1.1 400 "),
            (b"GET /feeds/news.atom\r\n\r\n", b"HTTP/1.1 400 "),
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(asked)
            assert (await reader.read()).startswith(status)
            writer.close()

    line(story)
