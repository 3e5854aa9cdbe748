"""What a source said (item) and the one thing it announces (announcement, with versions by language)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

EDITIONS = "editions"
"""The source that our own editions are, for feeds; no digest ever carries them."""


class IdentKind(StrEnum):
    """Where an item's identity comes from, best first."""

    GUID = "guid"
    LINK = "link"
    HASH = "hash"


class Precision(StrEnum):
    """How exactly a source dates an item."""

    SECOND = "second"
    DAY = "day"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The one picture that stands for an announcement; `alt` is empty when the source gave none."""

    url: str
    alt: str = ""
    sha256: str = ""
    """Set once we serve the picture ourselves at /media/{sha256}."""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that belongs to an announcement; `length` in bytes, 0 when unknown."""

    url: str
    type: str = "application/octet-stream"
    length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number worth printing large: `value` as shown ("100+"), and its words."""

    value: str
    label: str
    share: float | None = None
    """0 to 1, where the figure is a part of a whole and may be drawn as a bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Printed facts, from front matter or an API field, never guessed from prose."""

    deadline: date | None = None
    figures: tuple[Figure, ...] = ()
    figures_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What one source said, identified and cleaned; safe to store and to show once escaped."""

    ident: str
    ident_kind: IdentKind
    aliases: tuple[str, ...] = ()
    """Every guid and canonical link it was seen under, its own ident included."""
    link: str
    """Canonical, http(s); empty when the source gave none."""
    title: str
    """Plain text, decoded once, without control characters, at most 500."""
    summary: str = ""
    """Plain text teaser."""
    content: str = ""
    """Clean HTML, URLs absolute."""
    full_text: bool = False
    """False when all we have is an excerpt."""
    language: str = ""
    """BCP 47, lower case; empty means the site's own."""
    translation_of: str = ""
    """Canonical link or ident of the announcement that this is a translation of."""
    categories: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    picture: Picture | None = None
    enclosures: tuple[Enclosure, ...] = ()
    facts: Facts = Facts()
    published_at: datetime | None = None
    published_on: date | None = None
    """The day to print: in the source's zone, never shifted."""
    published_raw: str = ""
    precision: Precision = Precision.NONE
    updated_at: datetime | None = None
    fingerprint: str
    """Over what a reader would notice: title, text, link, enclosures, facts."""
    raw: str = ""
    """The uncleaned fields, `name=value` parted by U+001E, so that a new cleaning policy can start from them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """An announcement in one language: the best item for it, ready to be shown."""

    language: str
    source: str
    """Slug of the source whose item is shown."""
    link: str
    title: str
    summary: str = ""
    content: str = ""
    full_text: bool = False
    categories: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    picture: Picture | None = None
    enclosures: tuple[Enclosure, ...] = ()
    facts: Facts = Facts()
    published_at: datetime | None = None
    published_on: date | None = None
    precision: Precision = Precision.NONE
    updated_at: datetime
    """When we last saw it change, never before its own date; moves only with the fingerprint."""
    fingerprint: str

    @property
    def day(self) -> date | None:
        """The day to print."""
        return self.published_on or (self.published_at.date() if self.published_at else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlsoAt:
    """Another place that announced the same thing."""

    source: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One thing announced once, whatever its sources and languages; versions are never empty."""

    id: int
    """The row; never leaves the house."""
    public_id: str
    """A minted tag URI (RFC 4151)."""
    seq: int
    effective_at: datetime
    """Fixed at first sight: min(published, first seen)."""
    first_seen_at: datetime
    updated_at: datetime
    versions: tuple[Version, ...]
    sources: tuple[str, ...] = ()
    """Slugs, best first."""
    also_at: tuple[AlsoAt, ...] = ()
    retracted_at: datetime | None = None

    @property
    def slug(self) -> str:
        """The name of its page."""
        return slug_of(self.public_id)

    def version(self, *languages: str) -> Version:
        """The version to show somebody who reads `languages`, best first."""
        return best_version(self.versions, *languages)


def slug_of(public_id: str) -> str:
    """The last part of a public id, by which a page is called and an operator names it."""
    return public_id.rpartition("/")[2]


def best_version(versions: tuple[Version, ...], *languages: str) -> Version:
    """The version in the first of `languages` that exists, by exact tag and then by primary tag; else the first."""
    for wanted in languages:
        for version in versions:
            if version.language == wanted:
                return version
        for version in versions:
            if _primary(version.language) == _primary(wanted):
                return version
    return versions[0]


def _primary(tag: str) -> str:
    return tag.partition("-")[0]
