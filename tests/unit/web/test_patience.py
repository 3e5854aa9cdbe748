"""A request that never comes whole holds no connection: over a real socket, by a patience of a fraction of a second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from digest.web.protocol import protocol
from tests.unit.web.conftest import Site

PATIENCE = 0.2
LONG = 20.0
HEAD = "POST {} HTTP/1.1\r\nHost: news.example.org\r\nContent-Type: {}\r\n"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
POSTS = [
    ("/hooks/announcements", JSON),
    ("/hooks/bounces?provider=mailgun", JSON),
    ("/subscribe/newsflash", FORM),
    ("/unsubscribe/newsflash.t.0.abc", FORM),
]


@asynccontextmanager
async def serving(app: Any, **waits: float) -> AsyncIterator[int]:
    """The port of an application that is served as ours is, but with less patience."""
    http = protocol(app, **({"patience": PATIENCE} | waits))
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", http=http, server_header=False)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - the server offers nothing to wait on
        await asyncio.sleep(0)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await task


async def told(port: int, head: bytes, *, drip: bytes = b"") -> bytes:
    """All that is answered until the connection is closed, to a head and then to a byte every hundredth of a second."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = asyncio.create_task(reader.read())
    writer.write(head)
    async with asyncio.timeout(LONG):
        while not answer.done():
            writer.write(drip)
            await asyncio.wait({answer}, timeout=0.01)
    writer.close()
    return await answer


Story = Callable[[int], Awaitable[Any]]


def played(site: Site, story: Story, app: Any = None, **waits: float) -> Any:
    async def play() -> Any:
        async with serving(app or site.app, **waits) as port:
            return await story(port)

    return site.run(play())


def test_a_body_that_drips_is_told_so(site: Site, caplog: Any) -> None:
    """408 and the end, whatever was promised of its length, and nothing of ours is in the log."""
    heads = [
        f"{HEAD.format(path, kind)}{length}"
        for path, kind in POSTS
        for length in ("Content-Length: 60000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1000\r\n")
    ]
    with caplog.at_level(logging.WARNING):
        answers = played(site, lambda port: asyncio.gather(*(told(port, each.encode(), drip=b"x") for each in heads)))
    late = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    assert ([late] * len(heads), []) == (answers, [record.getMessage() for record in caplog.records])


def test_a_head_that_drips_is_told_so(site: Site) -> None:
    """From its first byte on; also one behind a whole request on the same connection."""
    whole = b"GET /health/live HTTP/1.1\r\nHost: news.example.org\r\n\r\n"
    begun = [b"G", b"GET / HTTP/1.1\r\nHost: news.example.org\r\nX-A: "]
    heads = [*begun, *(whole + each for each in begun)]
    answers = played(site, lambda port: asyncio.gather(*(told(port, each, drip=b"x") for each in heads)))
    assert [b"HTTP/1.1 408"] * 2 + [b"HTTP/1.1 200"] * 2 == [each[:12] for each in answers]
    assert [1] * 4 == [each.count(b"HTTP/1.1 408 ") for each in answers]


def test_whoever_says_nothing_is_told_nothing(site: Site) -> None:
    """Closed without a byte: a browser that connected ahead takes an answer for that of its next request."""
    assert b"" == played(site, lambda port: told(port, b""))


def test_what_is_refused_before_its_end_drips_no_longer_either(site: Site) -> None:
    """413 at once, from what was promised; the connection does not wait for the rest of ten megabytes."""
    head = HEAD.format("/subscribe/newsflash", FORM) + "Content-Length: 10000000\r\n\r\n"
    answer = played(site, lambda port: told(port, head.encode(), drip=b"x"))
    assert (True, 0) == (answer.startswith(b"HTTP/1.1 413 "), answer.count(b"HTTP/1.1 408"))


def test_who_drips_on_is_cut_off(site: Site) -> None:
    """After it was told so, and had the time to hear it."""

    async def story(port: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(LONG):
            while not writer.transport.is_closing():
                writer.write(b"x")
                await asyncio.sleep(0.01)

    played(site, story, linger=0.1)


def test_an_answer_may_take_longer(site: Site) -> None:
    """What has come whole is waited for, though it came in two pieces; and so is the next on its connection."""

    class Slow:
        """Answers after more than the patience; says when the first piece of what is asked is there."""

        begun = asyncio.Event()

        def at_once(self, *_: Any) -> None:
            return None

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            while (await receive())["more_body"]:
                self.begun.set()
            await asyncio.sleep(0.6)
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"ok"})

    async def story(port: int) -> list[bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        found = []
        for _ in range(2):
            writer.write(HEAD.format("/", FORM).encode() + b"Content-Length: 3\r\n\r\na")
            await Slow.begun.wait()
            Slow.begun.clear()
            writer.write(b"=b")
            found.append((await reader.readuntil(b"ok"))[:12])
        writer.close()
        return found

    assert [b"HTTP/1.1 200"] * 2 == played(site, story, Slow(), patience=0.5)
