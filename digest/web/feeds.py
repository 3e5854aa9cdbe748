"""The feeds over HTTP, from memory, ahead of the framework: plain ASGI.

`/feeds/{slug}.{atom,rss,json}`, the archive documents `/feeds/{slug}/archive/{n}.atom`, the page `/feeds/` and the
style sheet are answered here; everything else goes on to the wrapped application. The store is asked at most once a
second whether a document changed, and while it cannot be asked what is in memory is served; archive documents come
from it each time. No header of a request is ever reflected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial

from jinja2 import Environment
from starlette.types import ASGIApp, Receive, Scope, Send

from digest import templating
from digest.errors import StoreError
from digest.feeds.entries import STYLE_PATH
from digest.feeds.index import page, style
from digest.settings import Settings
from digest.store.database import Store
from digest.web.answers import Headers, headers, whole
from digest.web.conditional import given, not_modified, prefers_gzip
from digest.web.poll import Poll, form_of, is_current
from digest.web.shelf import Served, Shelf, fixed

_Kind = tuple[str, str, bool, int]

_PATH = re.compile(r"/feeds/([a-z][a-z0-9_]*)\.(atom|rss|json)")
_ARCHIVE = re.compile(r"/feeds/([a-z][a-z0-9_]*)/archive/([1-9][0-9]{0,8})\.atom")
_POLICY = (
    b"content-security-policy",
    b"default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self'; frame-ancestors 'none'",
)
_METHODS = b"GET, HEAD, OPTIONS"
_PREFLIGHT: Headers = [
    (b"allow", _METHODS),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", _METHODS),
    (b"access-control-allow-headers", b"if-none-match, if-modified-since"),
    (b"access-control-max-age", b"86400"),
]


class Feeds:
    """ASGI middleware: the feeds that are configured, then `app`.

    `check_every` is in seconds; a new document is served that much later at most. `templates` are ours by default.
    """

    def __init__(
        self,
        app: ASGIApp,
        store: Store,
        settings: Settings,
        *,
        templates: Environment | None = None,
        check_every: float = 1.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._app = app
        self._clock = clock
        self._shelf = Shelf(store, settings, check_every)
        # The last answer of each kind: whoever polls within the same second gets the same bytes.
        self._answers: dict[_Kind, tuple[Served, Headers, bytes]] = {}
        text = page(settings, templates or templating.environment())
        self._page = fixed(text.encode(), "text/html; charset=utf-8", (_POLICY,))
        self._style = fixed(style(), "text/css; charset=utf-8", ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/feeds"):
            await self._app(scope, receive, send)
        elif path == "/feeds":
            # Relative, so that it holds behind a proxy that serves us under another path.
            await _answer(send, 308, [(b"location", b"feeds/")])
        elif path == "/feeds/":
            await self._serve(self._page, scope, send)
        elif path == STYLE_PATH:
            await self._serve(self._style, scope, send)
        elif found := _PATH.fullmatch(path):
            await self._feed(found[1], found[2], scope, send)
        elif found := _ARCHIVE.fullmatch(path):
            await self._archive(found[1], int(found[2]), scope, send)
        else:
            await self._app(scope, receive, send)

    def at_once(self, asked: Poll, dates: Headers) -> bytes | None:
        """The whole answer to a poll, under these headers of the server's; None if the store must be asked first."""
        served, now = self._shelf.ready(asked.slug, asked.form), self._clock()
        if served is None or (served.changed_at is not None and served.changed_at > now):
            return None
        form = form_of(served, asked)
        status = 304 if is_current(served, form, asked) else 200
        key = (asked.slug, asked.form, form is served.gzip, status)
        of, at, answer = self._answers.get(key, (None, None, b""))
        if of is not served or at is not dates:
            body = form.body if status == 200 else b""
            answer = whole(status, [*dates, *headers(status, served, form, now)], body)
            self._answers[key] = (served, dates, answer)
        return answer

    async def _feed(self, slug: str, form: str, scope: Scope, send: Send) -> None:
        if not self._shelf.has(slug):
            await _say(send, 404, "There is no such feed.", scope)
            return
        try:
            served = await self._shelf.get(slug, form)
        except StoreError:
            served = None
        if served is None:
            await _later(send, scope)
        else:
            await self._serve(served, scope, send)

    async def _archive(self, slug: str, number: int, scope: Scope, send: Send) -> None:
        try:
            served, last = await self._shelf.archive(slug, number) if self._shelf.has(slug) else (None, 0)
        except StoreError:
            served, last = None, number
        if served is None and number <= last:
            await _later(send, scope)
        elif served is None:
            await _say(send, 404, "There is no such archive document.", scope)
        else:
            await self._serve(served, scope, send)

    async def _serve(self, served: Served, scope: Scope, send: Send) -> None:
        method = scope["method"]
        if method == "OPTIONS":
            await _answer(send, 204, _PREFLIGHT)
            return
        if method not in ("GET", "HEAD"):
            await _say(send, 405, "Only GET and HEAD.", scope, [(b"allow", _METHODS)])
            return
        asked = partial(given, scope["headers"])
        if asked(b"sec-fetch-dest") == ["document"]:
            served = served.opened()
        form = served.gzip if prefers_gzip(asked(b"accept-encoding")) else served.identity
        status, body = 200, b"" if method == "HEAD" else form.body
        if not_modified(
            form.etag,
            served.changed_at,
            if_none_match=asked(b"if-none-match"),
            if_modified_since=asked(b"if-modified-since"),
        ):
            status, body = 304, b""
        await _answer(send, status, headers(status, served, form, self._clock()), body)


async def _later(send: Send, scope: Scope) -> None:
    await _say(send, 503, "This feed is not built yet.", scope, [(b"retry-after", b"5")])


async def _say(send: Send, status: int, words: str, scope: Scope, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    body = f"{words}\n".encode()
    plain = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        *headers,
    ]
    await _answer(send, status, plain, b"" if scope["method"] == "HEAD" else body)


async def _answer(send: Send, status: int, headers: Headers, body: bytes = b"") -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
