"""Bytes in, items as read out: decoded, but not yet trusted, cleaned or identified.

One file a kind of source; nobody else sees XML, JSON, HTML or front matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from digest.model.announcements import Enclosure, Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadItem:
    """What a source said, field by field; addresses may be relative to `base`."""

    guid: str = ""
    aliases: tuple[str, ...] = ()
    """Further names that other items of the same source call it by."""
    link: str = ""
    base: str = ""
    text_base: str = ""
    """What summary and content say of their own base (`xml:base`); without it they stand at the link."""
    title: str = ""
    title_is_html: bool = False
    """Its entities are still to be decoded, once."""
    summary: str = ""
    """HTML, or plain text with its signs escaped."""
    content: str = ""
    """HTML."""
    published: str = ""
    """The date as written."""
    published_on: date | None = None
    """The local day, where the source tells it beside the instant."""
    updated: str = ""
    language: str = ""
    translation_of: str = ""
    translations: tuple[str, ...] = ()
    """Links or idents of the same thing in other languages."""
    categories: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    picture: str = ""
    picture_file: str = ""
    """A path in the source's own folder, instead of an address."""
    picture_alt: str = ""
    enclosures: tuple[Enclosure, ...] = ()
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole document as read; `language` and `minutes` (between polls) are its own wishes, empty and 0 if unsaid."""

    items: tuple[ReadItem, ...]
    language: str = ""
    minutes: int = 0
    next_link: str = ""
    """The page after this one, as written."""
    deleted: tuple[str, ...] = ()
    """Idents that the document says are gone (RFC 6721)."""
    complaints: tuple[str, ...] = ()
    """Things an operator should know that stop nothing."""


BODY_LIMIT = 5_000_000
FIELD_LIMIT = 256_000
TAG_LIMIT = 64_000
DEPTH_LIMIT = 256
