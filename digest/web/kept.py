"""The pages that are the same for everybody, in memory for a second: plain ASGI, ahead of the framework.

The front page, the forms to subscribe, editions and announcements: nothing of a request decides what they say but
their address. Never what bears somebody's token, never what was posted, and nothing but a 200. A page that changed
is seen a second later at most.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import Message, Receive, Scope, Send

from digest.feeds.documents import strong_etag
from digest.web.answers import Headers, whole
from digest.web.conditional import given, not_modified
from digest.web.feeds import Feeds
from digest.web.poll import PAGE, Poll

SECONDS = 1.0
MOST = 64
"""Pages; what comes and goes within a second is hardly ever more."""

_DESCRIBES = (b"content-type", b"content-length")
_PAGE = re.compile(PAGE.decode())


@dataclass(frozen=True, slots=True)
class Page:
    """An answer, and when it began to be made, by the clock of the one who keeps it."""

    headers: Headers
    body: bytes
    etag: str
    at: float

    def answer(self, if_none_match: list[str]) -> tuple[int, Headers, bytes]:
        """Status, headers and body; a 304 has nothing that describes a body (RFC 9110, 15.4.5)."""
        if if_none_match and not_modified(self.etag, None, if_none_match=if_none_match, if_modified_since=()):
            return 304, [pair for pair in self.headers if pair[0] not in _DESCRIBES], b""
        return 200, self.headers, self.body


class Kept:
    """ASGI middleware: what was made within the last `seconds`, then the feeds and what is behind them."""

    def __init__(self, feeds: Feeds, *, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._feeds = feeds
        self._seconds = seconds
        self._clock = clock
        self._pages: dict[str, Page] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = _address(scope)
        if not address:
            await self._feeds(scope, receive, send)
            return
        # HEAD is answered as GET would be, tag and all (RFC 9110, 9.3.2).
        page = self._ready(address) or await self._made(address, {**scope, "method": "GET"}, receive, send)
        if page is not None:
            status, headers, body = page.answer(given(scope["headers"], b"if-none-match"))
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def at_once(self, asked: Poll, dates: Headers) -> bytes | None:
        """The whole answer to a plain request, under these headers of the server's; None if it must be made first."""
        if not asked.page:
            return self._feeds.at_once(asked, dates)
        page = self._ready(asked.page)
        if page is None:
            return None
        tags = asked.headers.get(b"if-none-match")
        status, headers, body = page.answer([] if tags is None else [tags.decode("latin-1")])
        return whole(status, [*dates, *headers], body)

    def _ready(self, address: str) -> Page | None:
        page = self._pages.get(address)
        return page if page is not None and self._clock() - page.at < self._seconds else None

    async def _made(self, address: str, scope: Scope, receive: Receive, send: Send) -> Page | None:
        """The page, made anew and kept; None when it was something else, which is sent already."""
        at, held = self._clock(), _Held(send)
        await self._feeds(scope, receive, held)
        if held.headers is None:
            return None
        etag = strong_etag(held.body)
        page = Page([*held.headers, (b"etag", etag.encode())], held.body, etag, at)
        if len(self._pages) >= MOST:
            self._pages = {key: each for key, each in self._pages.items() if at - each.at < self._seconds}
        if len(self._pages) < MOST:
            self._pages[address] = page
        return page


class _Held:
    """Takes what the application answers: a 200 is held until it is whole, all else goes on at once."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.headers: Headers | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            self.headers = list(message["headers"])
        elif self.headers is None:
            await self._send(message)
        else:
            self.body += message.get("body", b"")


def _address(scope: Scope) -> str:
    """Path and query of a page that may be kept; empty for all else."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return ""
    query = scope["query_string"].decode("latin-1")
    address = f"{scope['path']}?{query}" if query else scope["path"]
    return address if _PAGE.fullmatch(address) else ""
