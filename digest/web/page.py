"""A page: a template with what every page needs, as a response."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse

from digest import templating
from digest.feeds.documents import MEDIA_TYPES
from digest.feeds.entries import path
from digest.feeds.index import NAMES
from digest.letter.views import SiteView
from digest.model.subscribers import Subscriber
from digest.service.house import House
from digest.subscribers import limits
from digest.templating.words import SOURCE_LANGUAGE

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
PUBLIC_CACHE = {"cache-control": "public, max-age=60"}


@dataclass(frozen=True, slots=True)
class FeedLinks:
    """A feed's title, and (name, media type, path) of each of its formats."""

    title: str
    forms: tuple[tuple[str, str, str], ...]


def house(request: Request) -> House:
    """The house this request came to."""
    return cast(House, request.app.state.house)


def base(at: House) -> str:
    """What stands before every path of ours: empty, unless the site's address has a path of its own."""
    return urlsplit(at.settings.site.url).path.rstrip("/")


def site_view(at: House) -> SiteView:
    """The site as pages see it: links of ours are paths, so that a page works under any name of its host."""
    site = at.settings.site
    return SiteView(
        title=site.title,
        url=base(at),
        language=site.language,
        postal_address=site.postal_address,
        privacy_url=site.privacy_url,
    )


def feed_links(at: House) -> tuple[FeedLinks, ...]:
    """Every feed, for people and for readers that look for one."""
    return tuple(
        FeedLinks(
            feed.title or at.settings.site.title or feed.slug,
            tuple(
                (name, MEDIA_TYPES[form].partition(";")[0], f"{base(at)}{path(feed.slug, form)}")
                for form, name in NAMES.items()
            ),
        )
        for feed in at.settings.feeds.values()
    )


def asked_language(request: Request, default: str) -> str:
    """The language of `?lang=`, lower case, if that is a tag at all."""
    tag = request.query_params.get("lang", "")
    return tag.lower() if _LANGUAGE.fullmatch(tag) else default


def spoken(request: Request, slug: str, who: Subscriber | None) -> str:
    """The language to speak to somebody in: their own, or the digest's; empty for the site's."""
    digest = house(request).settings.digests.get(slug)
    return (who.language if who else "") or (digest.language if digest else "") or ""


def speaks(at: House, language: str) -> bool:
    """Whether there are words of ours in a language, or in the one that it is a region's form of."""
    return bool({language.lower(), language.lower().partition("-")[0]} & set(templating.languages(at.templates)))


def page(
    request: Request,
    name: str,
    *,
    language: str = "",
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    **said: object,
) -> HTMLResponse:
    """`templates/web/public/{name}.html` in `language`, by default the site's.

    Links to pages that are the same for everybody end with `kept`.

    A `personal` page is all in our own words: in a language that we have none in, it is an English page.
    """
    at = house(request)
    if said.get("personal") and not speaks(at, language or at.settings.site.language):
        language = SOURCE_LANGUAGE
    language = language or at.settings.site.language
    context = {
        "language": language,
        "kept": _kept(at, language),
        "site": site_view(at),
        "public_url": at.settings.site.url,
        "style": request.app.state.style.path,
        "personal": False,
        "feeds": feed_links(at),
        **said,
    }
    text = templating.render(at.templates, f"web/public/{name}.html", **context)
    return HTMLResponse(text, status_code=status, headers=dict(headers or {}))


def _kept(at: House, language: str) -> str:
    """What a link to another page bears so that it speaks as this one does; nothing where it would in any case."""
    spoken = {at.settings.site.language, *(digest.language for digest in at.settings.digests.values())}
    return "" if spoken <= {language, None} else f"?lang={language}"


def visitor(request: Request) -> str:
    """The address of whoever asks; a proxy's word for it counts only where the proxy is named."""
    peer = request.client.host if request.client else ""
    forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
    return limits.visitor(peer, forwarded, house(request).settings.web.trusted)
