"""Atom 1.0 (RFC 4287) and RSS 2.0 by feedgen, with what it prints wrongly mended.

The same channel and entries give the same bytes. Everything handed over has been made printable
before (`entries`), because one character that XML cannot hold would cost the whole document.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from copy import deepcopy
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import urlsplit

import lxml.etree  # feedgen uses it without importing it
from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator

from digest.feeds.entries import STYLE_PATH, Channel, Entry
from digest.model.announcements import Enclosure

GENERATOR = "Digest"
_HISTORY = "http://purl.org/syndication/history/1.0"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# Entries kept as they were printed, in either format: some 10 KB each, a large feed's worth.
_REMEMBERED = 512
_LINK_KEYS = ("rel", "type", "hreflang", "title", "length")

# feedgen writes each RSS date with the locale set to "C" for the whole process: two threads at it
# could leave it there.
_LOCALE = threading.Lock()


class _Mended(FeedEntry):  # type: ignore[misc]
    """feedgen drops all but `href` from an entry's links, and has no language for an entry."""

    language = ""

    def atom_entry(self, extensions: bool = True) -> Any:
        element = super().atom_entry(extensions)
        for printed, link in zip(element.findall("link"), self.link() or [], strict=True):
            for key in _LINK_KEYS:
                if link.get(key):
                    printed.set(key, str(link[key]))
        if self.language:
            element.set(_LANG, self.language)
        return element


class _Kept(FeedEntry):  # type: ignore[misc]
    """An entry that was printed before: most of a feed is, at any change, as it was at the last."""

    def __init__(self, element: Any) -> None:
        super().__init__()
        self._element = element

    def atom_entry(self, extensions: bool = True) -> Any:
        return deepcopy(self._element)

    rss_entry = atom_entry


class _Archive(BaseExtension):  # type: ignore[misc]
    """Says that a document is an archive, and will hold the same entries for good (RFC 5005, section 4)."""

    def extend_ns(self) -> dict[str, str]:
        return {"fh": _HISTORY}

    def extend_atom(self, feed: Any) -> Any:
        lxml.etree.SubElement(feed, f"{{{_HISTORY}}}archive")
        return feed


def atom(channel: Channel, entries: Iterable[Entry]) -> bytes:
    """The feed, or the archive document of it that `channel.number` names, as Atom; valid by RFC 4287, UTF-8."""
    feed = _feed(channel, "atom", "application/atom+xml")
    if channel.number:
        feed.register_extension("fh", _Archive, BaseEntryExtension, atom=True, rss=False)
    for link in _history(channel):
        feed.link(link)
    feed.id(channel.id)
    feed.author({"name": channel.author, "uri": channel.site_url})
    feed.subtitle(channel.description)
    for each in entries:
        feed.add_entry(_Kept(_atom_entry(each, channel.language)), order="append")
    return _styled(feed.atom_str(pretty=True), channel)


def rss(channel: Channel, entries: Iterable[Entry]) -> bytes:
    """The feed as RSS 2.0 with content:encoded and dc:creator; UTF-8.

    One enclosure an item, the first, as RSS 2.0 allows no more. A description is HTML there, so the
    plain summary is escaped once more.
    """
    feed = _feed(channel, "rss", "application/rss+xml")
    feed.load_extension("dc", atom=False, rss=True)
    feed.description(channel.description)
    with _LOCALE:
        for each in entries:
            feed.add_entry(_Kept(_rss_item(each, channel.language, channel.author)), order="append")
        return _styled(feed.rss_str(pretty=True), channel)


def _feed(channel: Channel, form: str, media_type: str) -> Any:
    feed = FeedGenerator()
    feed.load_extension("media")
    feed.title(channel.title)
    feed.language(channel.language)
    feed.updated(channel.updated)
    feed.generator(GENERATOR)
    own = channel.archive(channel.number) if channel.number else channel.address(form)
    feed.link(href=own, rel="self", type=media_type)
    # RSS prints the last link given as the channel's own.
    feed.link(href=channel.site_url, rel="alternate", type="text/html")
    return feed


def _history(channel: Channel) -> list[dict[str, str]]:
    """The way from a document to the ones before and after it."""
    older = channel.number - 1 if channel.number else channel.archives
    links = [("prev-archive", channel.archive(older))] if older else []
    if channel.number:
        links.append(("current", channel.address("atom")))
    if 0 < channel.number < channel.archives:
        links.append(("next-archive", channel.archive(channel.number + 1)))
    return [{"rel": rel, "href": href, "type": "application/atom+xml"} for rel, href in links]


@lru_cache(maxsize=_REMEMBERED)
def _atom_entry(entry: Entry, language: str) -> Any:
    """The element of an entry in a feed in that language."""
    made = _made(entry)
    if entry.language != language:
        made.language = entry.language
    for name in entry.authors:
        made.author({"name": name})
    for enclosure in entry.enclosures:
        made.link(_enclosure(enclosure))
    if entry.summary:
        made.summary(entry.summary, type="text")
    return made.atom_entry()


@lru_cache(maxsize=_REMEMBERED)
def _rss_item(entry: Entry, language: str, author: str) -> Any:
    """The same as an item of RSS; to be called under the lock."""
    made = _made(entry)
    made.load_extension("dc", atom=False, rss=True)
    made.dc.dc_creator(list(entry.authors) or [author])
    if entry.language != language:
        made.dc.dc_language(entry.language)
    if entry.enclosures:
        made.link(_enclosure(entry.enclosures[0]))
    if entry.summary:
        made.summary(escape(entry.summary, quote=False))
    return made.rss_entry()


def _made(entry: Entry) -> Any:
    made = _Mended()
    made.load_extension("media")
    made.id(entry.id)
    made.title(entry.title)
    made.link(href=entry.link, rel="alternate", hreflang=entry.language)
    made.published(entry.published)
    made.updated(entry.updated)
    if entry.content:
        made.content(entry.content, type="html")
    if entry.categories:
        made.category([{"term": name} for name in entry.categories])
    if entry.picture:
        sizes = {"width": entry.picture.width, "height": entry.picture.height}
        known = {name: str(size) for name, size in sizes.items() if size > 0}
        made.media.thumbnail({"url": entry.picture.url, **known}, group=None)
    return made


def _enclosure(enclosure: Enclosure) -> dict[str, str]:
    known = {"length": str(enclosure.length)} if enclosure.length else {}
    return {"href": enclosure.url, "rel": "enclosure", "type": enclosure.type, **known}


def _styled(document: bytes | str, channel: Channel) -> bytes:
    """With the way to the style sheet, on the same host whichever it is read from: browsers take it from no other."""
    made = document if isinstance(document, bytes) else document.encode()
    declaration, _, root = made.partition(b"?>\n")
    sheet = f"{urlsplit(channel.site_url).path.rstrip('/')}{STYLE_PATH}"
    return b"".join(
        (declaration, b"?>\n", f'<?xml-stylesheet type="text/css" href="{escape(sheet)}"?>\n'.encode(), root)
    )
