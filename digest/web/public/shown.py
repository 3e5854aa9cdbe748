"""An announcement as pages show it: one language, every link and date decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from markupsafe import Markup

from digest.letter.look import bars, numbers, picture_view
from digest.letter.text import shortened
from digest.letter.views import Bar, PictureView, SiteView
from digest.model.announcements import Announcement, Enclosure, Figure, Version

EXCERPT = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """`own` is our page of it, `link` where it was published, empty if only here; `language` if not the page's."""

    title: str
    own: str
    link: str
    host: str
    language: str
    teaser: str
    content: Markup
    day: date | None
    category: str
    picture: PictureView | None
    deadline: date | None
    figures: tuple[Figure, ...]
    bars: tuple[Bar, ...]
    figures_title: str
    enclosures: tuple[Enclosure, ...]
    other_languages: tuple[str, ...]
    also_at: tuple[tuple[str, str], ...]
    """(host, link) of the other places that announced it."""


def shown(announcement: Announcement, site: SiteView, language: str) -> Shown:
    """The announcement for a reader of `language`, or in the site's, or as it is."""
    version = announcement.version(language, site.language)
    return Shown(
        title=version.title,
        own=f"{site.url}/announcements/{announcement.slug}",
        link=version.link,
        host=_host(version.link),
        language=_foreign(version, site, language),
        teaser=shortened(version.summary, EXCERPT),
        content=Markup(version.content),  # noqa: S704  cleaned when it was collected
        day=version.day,
        category=next(iter(version.categories), ""),
        picture=picture_view(version.picture, site),
        deadline=version.facts.deadline,
        figures=numbers(version.facts),
        bars=bars(version.facts),
        figures_title=version.facts.figures_title,
        enclosures=version.enclosures,
        other_languages=tuple(tag for each in announcement.versions if (tag := each.language) != version.language),
        also_at=tuple((_host(each.link), each.link) for each in announcement.also_at if each.link),
    )


def _foreign(version: Version, site: SiteView, language: str) -> str:
    tag = version.language or site.language
    return "" if tag.partition("-")[0] == language.partition("-")[0] else tag


def _host(link: str) -> str:
    return (urlsplit(link).hostname or "").removeprefix("www.")
