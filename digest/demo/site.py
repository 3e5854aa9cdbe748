"""A small association's website on loopback: WordPress' REST API, an RSS feed, and a listing page."""

from __future__ import annotations

import html
from collections.abc import Sequence
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from digest.demo.posts import LONDON, Post

PER_PAGE = 8
"""Entries of the feed and of a listing page: a window on the archive, as sites have it."""


def application(posts: Sequence[Post], pictures: Path, base: str) -> Starlette:
    """The site as an ASGI application; `base` is the address that its links carry."""
    site = _Site(tuple(posts), pictures, base)
    return Starlette(
        routes=[
            Route("/", site.front),
            Route("/wp-json/wp/v2/posts", site.rest),
            Route("/feed/", site.rss),
            Route("/news/", site.listing),
            Route("/news/page/{number:int}/", site.listing),
            Route("/wp-content/uploads/{name}", site.picture),
            Route("/{year:int}/{month:int}/{slug}/", site.article),
        ]
    )


class _Site:
    def __init__(self, posts: tuple[Post, ...], pictures: Path, base: str) -> None:
        self.posts, self.pictures, self.base = posts, pictures, base
        self.english = tuple(post for post in posts if post.language == "en")

    async def front(self, request: Request) -> Response:
        return HTMLResponse(_page("Metals Mark", f'<p><a href="{self.base}/news/">News</a></p>', self.base))

    async def rest(self, request: Request) -> Response:
        size, page = int(request.query_params.get("per_page", 10)), int(request.query_params.get("page", 1))
        since = request.query_params.get("modified_after", "")
        found = [post for post in self.posts if _gmt(post) > since]
        pages = -(-len(found) // size)
        if page > max(pages, 1):
            wrong = {"code": "rest_post_invalid_page_number", "message": "The page number is too large."}
            return JSONResponse(wrong, 400)
        shown = [self._json(post) for post in found[(page - 1) * size : page * size]]
        return JSONResponse(shown, headers={"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)})

    async def rss(self, request: Request) -> Response:
        items = "".join(map(self._item, self.english[:PER_PAGE]))
        head = f"<title>Metals Mark</title><link>{self.base}</link><description>News</description>"
        text = (
            '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
            'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<channel>{head}{items}</channel></rss>"
        )
        return Response(text, media_type="application/rss+xml")

    async def listing(self, request: Request) -> Response:
        number = int(request.path_params.get("number", 1))
        shown = self.english[(number - 1) * PER_PAGE : number * PER_PAGE]
        more = number * PER_PAGE < len(self.english)
        older = f'<a class="next" href="{self.base}/news/page/{number + 1}/">Older</a>' if more else ""
        return HTMLResponse(_page("News", "".join(map(self._card, shown)) + older, self.base))

    async def article(self, request: Request) -> Response:
        post = next((post for post in self.posts if post.path == request.url.path), None)
        if post is None:
            return HTMLResponse(_page("Not found", "<p>There is no such page.</p>", self.base), 404)
        return HTMLResponse(_page(post.title, post.html, self.base))

    async def picture(self, request: Request) -> Response:
        path = self.pictures / Path(request.path_params["name"]).name
        return FileResponse(path) if path.is_file() else Response(status_code=404)

    def _json(self, post: Post) -> dict[str, Any]:
        picture = {"source_url": f"{self.base}/wp-content/uploads/{post.picture}", "alt_text": post.picture_alt}
        terms = [{"taxonomy": "category", "name": html.escape(name)} for name in post.categories]
        meta = post.meta | ({"translation_of": self._link_of(post.translation_of)} if post.translation_of else {})
        return {
            "id": post.number,
            "date": f"{post.at.astimezone(LONDON):%Y-%m-%dT%H:%M:%S}",
            "date_gmt": _gmt(post),
            "modified_gmt": _gmt(post),
            "guid": {"rendered": self._guid(post)},
            "link": self.base + post.path,
            "lang": post.language,
            "title": {"rendered": html.escape(post.title)},
            "excerpt": {"rendered": f"<p>{html.escape(post.summary)}</p>"},
            "content": {"rendered": post.html},
            "meta": meta,
            "_embedded": {
                "author": [{"name": "Metals Mark"}],
                "wp:term": [terms],
                "wp:featuredmedia": [picture] if post.picture else [],
            },
        }

    def _item(self, post: Post) -> str:
        categories = "".join(f"<category>{escape(name)}</category>" for name in post.categories)
        return (
            f"<item><title>{escape(post.title)}</title><link>{self.base}{post.path}</link>"
            f'<guid isPermaLink="false">{escape(self._guid(post))}</guid>'
            f"<pubDate>{format_datetime(post.at)}</pubDate><dc:creator>Metals Mark</dc:creator>{categories}"
            f"<description>{escape(post.summary)} [&amp;#8230;]</description></item>"
        )

    def _card(self, post: Post) -> str:
        day = f"{post.at.astimezone(LONDON):%-d %B %Y}"
        return (
            f'<article><h2><a href="{self.base}{post.path}">{html.escape(post.title)}</a></h2>'
            f'<p class="date">{day}</p><p class="excerpt">{html.escape(post.summary)}</p></article>'
        )

    def _guid(self, post: Post) -> str:
        return f"{self.base}/?p={post.number}"

    def _link_of(self, slug: str) -> str:
        post = next((post for post in self.posts if post.slug == slug), None)
        return self.base + post.path if post else ""


def _gmt(post: Post) -> str:
    return f"{post.at:%Y-%m-%dT%H:%M:%S}"


def _page(title: str, body: str, base: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<link rel="alternate" type="application/rss+xml" href="{base}/feed/"></head>'
        f"<body><main><h1>{html.escape(title)}</h1>{body}</main></body></html>"
    )
