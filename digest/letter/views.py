"""What the templates see: a site, and an edition in one language with every link and date decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from digest.model.announcements import Figure
from digest.model.editions import SnapshotItem

Day = date
CalendarLink = Callable[[SnapshotItem], str]
"""The address of an item's deadline as a calendar file, "" for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView:
    """The site a letter is from; `url` without a trailing slash, the others empty where there is none."""

    title: str
    url: str
    language: str = "en"
    postal_address: str = ""
    privacy_url: str = ""
    feed_url: str = ""
    logo_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How much of everything a letter shows: letters of an excerpt, and items before the rest is only counted."""

    excerpt: int = 320
    items: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureView:
    url: str
    alt: str
    width: int
    """In pixels of a letter 600 wide: never more than it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    label: str
    value: str
    percent: int
    """Of the whole: every bar is drawn on the same scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    title: str
    link: str
    language: str
    """Empty where it is the letter's own."""
    teaser: str
    day: Day | None
    category: str
    older: bool
    deadline: Day | None
    closed: bool
    calendar_link: str
    calendar_words: str
    """Tells one calendar link from the next where there are several."""
    figures: tuple[Figure, ...]
    bars: tuple[Bar, ...]
    figures_title: str
    picture: PictureView | None
    also_at: tuple[str, ...]
    """Hosts that announced it, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    title: str
    kind: str
    items: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionView:
    subject: str
    title: str
    label: str
    number: int
    date: Day
    since: Day | None
    count: int
    introduction: Markup
    introduction_text: str
    introduction_language: str
    """Empty where it is the letter's own."""
    correction: str
    """What was wrong before this revision; in the language of `introduction`."""
    preheader: str
    lead: ItemView | None
    sections: tuple[SectionView, ...]
    more: tuple[ItemView, ...]
    updated: tuple[ItemView, ...]
    """Edited since an edition carried them; not counted."""
    unlisted: int
    """Items that only the web edition lists."""
    web_url: str
    subscribe_url: str
