"""Hand-written fakes of the world outside: a site that publishes in every form, and an SMTP sink."""

from __future__ import annotations

import asyncio
import html
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""One session with whoever has connected."""


@dataclass(frozen=True)
class Post:
    """One announcement of the fake site; `at` in UTC."""

    number: int
    title: str
    at: datetime
    text: str = "What it says, at some length."

    @property
    def path(self) -> str:
        return f"/{self.at:%Y}/{self.number}/"

    @property
    def day(self) -> str:
        return f"{self.at.astimezone(LONDON):%-d %B %Y}"


Answer = tuple[int, str, bytes]
"""Status, media type, body."""


@dataclass
class Site:
    """A website on loopback; `trouble` says what a path answers instead of what it should."""

    posts: Sequence[Post]
    base: str = ""
    trouble: dict[str, Callable[[], Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, target: str) -> Answer:
        path = target.partition("?")[0]
        self.asked.append(target)
        if path in self.trouble:
            return self.trouble[path]()
        made = {
            "/wp-json/wp/v2/posts": self.rest,
            "/feed/": self.rss,
            "/atom.xml": self.atom,
            "/feed.json": self.json_feed,
            "/news/": self.listing,
        }.get(path)
        return made() if made else (404, "text/html", b"<h1>Not here</h1>")

    def rest(self) -> Answer:
        posts = [
            {
                "id": post.number,
                "date": f"{post.at.astimezone(LONDON):%Y-%m-%dT%H:%M:%S}",
                "date_gmt": f"{post.at:%Y-%m-%dT%H:%M:%S}",
                "modified_gmt": f"{post.at:%Y-%m-%dT%H:%M:%S}",
                "guid": {"rendered": f"{self.base}/?p={post.number}"},
                "link": self.base + post.path,
                "title": {"rendered": html.escape(post.title).replace("&amp;", "&#038;")},
                "excerpt": {"rendered": f"<p>{html.escape(post.text)} [&hellip;]</p>"},
                "content": {"rendered": f"<p>{html.escape(post.text)}</p>"},
            }
            for post in self.posts
        ]
        return 200, "application/json", json.dumps(posts).encode()

    def rss(self) -> Answer:
        items = "".join(
            f"<item><title>{escape(post.title)}</title><link>{self.base}{post.path}</link>"
            f'<guid isPermaLink="false">{self.base}/?p={post.number}</guid>'
            f"<pubDate>{format_datetime(post.at)}</pubDate>"
            f"<description>{escape(post.text)} [&amp;#8230;]</description></item>"
            for post in self.posts
        )
        text = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Site</title>{items}</channel></rss>'
        return 200, "application/rss+xml", text.encode()

    def atom(self) -> Answer:
        entries = "".join(
            f"<entry><id>tag:example.org,2020:{post.number}</id>"
            f'<title type="html">{escape(html.escape(post.title))}</title>'
            f'<link href="{self.base}{post.path}"/><updated>{post.at.isoformat()}</updated>'
            f"<published>{post.at.isoformat()}</published><summary>{escape(post.text)}</summary></entry>"
            for post in self.posts
        )
        text = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Site</title><id>tag:x,2020:f</id>{entries}</feed>'
        return 200, "application/atom+xml", text.encode()

    def json_feed(self) -> Answer:
        items = [
            {
                "id": f"{self.base}/?p={post.number}",
                "url": self.base + post.path,
                "title": post.title,
                "content_text": post.text,
                "date_published": post.at.isoformat(),
            }
            for post in self.posts
        ]
        feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Site", "items": items}
        return 200, "application/feed+json", json.dumps(feed).encode()

    def listing(self) -> Answer:
        cards = "".join(
            f'<article><h2><a href="{post.path}">{html.escape(post.title)}</a></h2><span class="date">{post.day}</span>'
            f'<p class="excerpt">{html.escape(post.text)}</p></article>'
            for post in self.posts
        )
        return 200, "text/html", f"<!doctype html><html><body>{cards}</body></html>".encode()


@contextmanager
def served(site: Site) -> Iterator[Site]:
    """The site on a free port of loopback while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, kind, body = site.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            # A client that has read enough hangs up.
            with suppress(ConnectionError):
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Sink:
    """An SMTP server in a thread: keeps (recipient, message) of what it accepted, pipelining offered.

    `trouble` says what a verb is answered instead of what it should, `BODY` being the end of a message and
    `HELLO` the greeting; `refused` says what one recipient is answered.
    """

    port: int = 0
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    envelopes: list[tuple[str, str]] = field(default_factory=list)
    """(sender, recipient) of what it accepted."""
    trouble: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def of(self, recipient: str) -> list[bytes]:
        return [message for address, message in self.accepted if address == recipient]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender, recipient, begun = "", "", False
        writer.write(self._said("HELLO", "220 sink"))
        try:
            while line := await reader.readline():
                verb = line[:4].decode().strip().upper()
                if verb == "MAIL":
                    sender = line.decode().partition("<")[2].partition(">")[0]
                    answer = self._said(verb, "250 2.1.0 ok")
                    begun = answer.startswith(b"2")
                    writer.write(answer)
                elif verb == "RCPT" and begun:
                    wanted = line.decode().partition("<")[2].partition(">")[0]
                    reply = self.refused.get(wanted) or self.trouble.get(verb) or "250 2.1.5 ok"
                    recipient = wanted if reply.startswith("2") else ""
                    writer.write(reply.encode() + b"\r\n")
                elif verb == "DATA" and recipient and verb not in self.trouble:
                    writer.write(b"354 go on\r\n")
                    body = await reader.readline()
                    if body != b".\r\n":
                        body += await reader.readuntil(b"\r\n.\r\n")
                    if self.trouble.get("BODY") == HANG_UP:
                        break
                    answer = self._said("BODY", "250 2.0.0 kept")
                    if answer.startswith(b"2"):
                        self.accepted.append((recipient, body[:-3]))
                        self.envelopes.append((sender, recipient))
                    writer.write(answer)
                    recipient = ""
                else:
                    writer.write(self._said(verb, ANSWERS.get(verb, "250 ok")))
                await writer.drain()
                if verb == "QUIT":
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _said(self, verb: str, otherwise: str) -> bytes:
        return self.trouble.get(verb, otherwise).replace("\n", "\r\n").encode() + b"\r\n"


HANG_UP = "hangs up"
"""As trouble with BODY: the connection ends after the final dot, without an answer."""

ANSWERS = {
    "EHLO": "250-sink\n250-PIPELINING\n250-8BITMIME\n250-SMTPUTF8\n250 SIZE 10000000",
    "RCPT": "503 5.5.1 from whom",
    "DATA": "503 5.5.1 nobody to send it to",
    "QUIT": "221 bye",
}


@contextmanager
def sinking(port: int = 0) -> Iterator[Sink]:
    """The sink on loopback while the block runs."""
    sink = Sink()
    with listening(sink.serve, port) as sink.port:
        yield sink


@contextmanager
def listening(serve: Serve, port: int = 0) -> Iterator[int]:
    """A server in a thread of its own, on loopback while the block runs; its port."""
    ports: Queue[int] = Queue()
    loop, stopping = asyncio.new_event_loop(), asyncio.Event()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", port, limit=2**24)
        ports.put(server.sockets[0].getsockname()[1])
        await stopping.wait()
        server.close()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(main())
        sessions = asyncio.all_tasks(loop)
        for session in sessions:
            session.cancel()
        loop.run_until_complete(asyncio.gather(*sessions, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield ports.get(timeout=60)
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(5)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)
