"""A feed and its entries before any format: all that Atom, RSS and JSON Feed print, made fit to print.

What is decided here holds for all three: the id, the link, which dates, which characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from digest.feeds.printable import href, instant, line, text
from digest.feeds.select import shown
from digest.model.announcements import Announcement, Enclosure, Picture, Version
from digest.settings import Feed, Site

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""The `updated` of a feed that never had an entry."""

STYLE_PATH = "/feeds/feed.css"
"""Where browsers find how to show a feed that somebody opened as a page."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An announcement in one feed; text is plain, `content` is clean HTML, dates are whole seconds in UTC."""

    id: str
    title: str
    link: str
    language: str
    summary: str
    content: str
    published: datetime
    updated: datetime
    categories: tuple[str, ...]
    authors: tuple[str, ...]
    picture: Picture | None
    enclosures: tuple[Enclosure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A feed as a whole; `author` stands for entries that name none."""

    slug: str
    id: str
    title: str
    description: str
    language: str
    author: str
    site_url: str
    updated: datetime = EPOCH
    archives: int = 0
    """How many archive documents there are (RFC 5005, section 4), numbered from 1, the oldest."""
    number: int = 0
    """Which of them this is; 0 for the document that readers poll."""

    def archive(self, number: int) -> str:
        """The public address of an archive document."""
        return f"{self.site_url}{archive_path(self.slug, number)}"

    def address(self, form: str) -> str:
        """The public address of the feed in a format: atom, rss or json."""
        return f"{self.site_url}{path(self.slug, form)}"


def path(slug: str, form: str) -> str:
    return f"/feeds/{slug}.{form}"


def archive_path(slug: str, number: int) -> str:
    return f"/feeds/{slug}/archive/{number}.atom"


def channel(feed: Feed, site: Site, *, host: str) -> Channel:
    """The feed as configured; `host` is the one its id was minted with (RFC 4151)."""
    author = line(site.title) or feed.slug
    title = line(feed.title) or author
    return Channel(
        slug=feed.slug,
        id=f"tag:{host},2026:feed/{feed.slug}",
        title=title,
        description=line(feed.description) or title,
        language=feed.language or site.language,
        author=author,
        site_url=href(site.url),
    )


def authority(site: Site) -> str:
    """The site's host in the letters that a tag URI allows."""
    host = urlsplit(href(site.url)).hostname or "localhost"
    return re.sub(r"[^a-z0-9.-]", "-", host)


def entry(announcement: Announcement, feed: Feed, site: Site) -> Entry:
    """The announcement as this feed shows it; `published` never moves, `updated` only with the version shown."""
    version = shown(announcement, feed.language, site_language=site.language) or announcement.versions[0]
    published = instant(announcement.effective_at)
    return Entry(
        id=announcement.public_id,
        title=line(version.title) or "Untitled",
        link=href(version.link) or own_page(announcement, site),
        language=version.language if _LANGUAGE.fullmatch(version.language) else site.language,
        summary=line(version.summary),
        content=text(version.content).strip() if feed.text == "full" else "",
        published=published,
        updated=max(published, instant(version.updated_at)),
        categories=_lines(version.categories),
        authors=_lines(version.authors),
        picture=_picture(version, site),
        enclosures=tuple(_enclosures(version)),
    )


def own_page(announcement: Announcement, site: Site) -> str:
    """Our page for an announcement, linked when its version has no link of its own."""
    return f"{href(site.url)}/announcements/{announcement.slug}"


def _lines(values: Iterable[str]) -> tuple[str, ...]:
    """Each once, none empty, in their order."""
    return tuple(dict.fromkeys(found for value in values if (found := line(value))))


def _picture(version: Version, site: Site) -> Picture | None:
    picture = version.picture
    if picture is None:
        return None
    url = f"{href(site.url)}/media/{picture.sha256}" if picture.sha256 else href(picture.url)
    return replace(picture, url=url) if url else None


def _enclosures(version: Version) -> Iterable[Enclosure]:
    seen = set()
    for each in version.enclosures:
        url = href(each.url)
        if url and url not in seen:
            seen.add(url)
            kind = each.type if _MEDIA_TYPE.fullmatch(each.type) else "application/octet-stream"
            yield Enclosure(url=url, type=kind, length=max(0, each.length))
