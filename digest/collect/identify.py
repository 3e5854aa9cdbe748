"""What was read -> an item with an identity, dates and clean text.

Identity never comes from a date or a position: a guid, else the canonical link, else a hash of title and text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from digest.collect.clean import Cleaned, cleaned
from digest.collect.dates import When, read_date
from digest.collect.fingerprint import fingerprint
from digest.collect.links import absolute, canonical_link
from digest.collect.parse import ReadItem
from digest.collect.text import TEASER_LIMIT, described, is_cut, legal, one_line, shorten, teaser, title_key, title_text
from digest.collect.tongues import is_foreign, one_tongue
from digest.model.announcements import Enclosure, IdentKind, Item, Picture, Precision

_FULL_FROM = 600
"""A description this long, and not cut, is the text itself and no excerpt."""
_RAW_LIMIT = 64_000
_EARLY = timedelta(minutes=10)
_LEGAL = frozenset({"content", "summary"})
_STRINGS = tuple(each.name for each in fields(ReadItem) if each.type == "str")


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How one source writes, as configured: its zone, language and order of day and month."""

    zone: ZoneInfo
    keep_offset: bool = True
    """Print the day that was written; off where the operator names the source's zone."""
    language: str = ""
    """Set by the operator; wins over what the source says of itself."""
    site_language: str = "en"
    date_order: str = ""
    words: bool = False
    """Dates may be in words of any language: listing pages only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An item, and what an operator should know about how it was read."""

    item: Item
    complaints: tuple[str, ...] = ()
    translations: tuple[str, ...] = ()
    picture_file: str = ""
    """Where a picture stands in the source's own folder; it has no address of its own."""


def identify(read: ReadItem, habits: Habits, *, document_language: str = "", now: datetime) -> Known:
    """One item, identified and cleaned."""
    read = _legal(read)
    link = canonical_link(absolute(read.link, read.base)) if read.link else ""
    title = title_text(read.title, is_html=read.title_is_html)
    language = language_of(habits.language or read.language or document_language, habits.site_language)
    body, summary = _texts(read, base=read.text_base or link or read.base, language=language)
    when, complaints = _when(read, habits, language, now)
    updated = read_date(read.updated, zone=habits.zone).at if read.updated else None
    ident, kind = _ident(read, link, title, body.words or summary)
    enclosures = _enclosures(read)
    shown = title or shorten(summary, 80) or "Untitled"
    item = Item(
        ident=ident,
        ident_kind=kind,
        aliases=tuple(dict.fromkeys(name for name in (ident, link, *map(ident_of, read.aliases)) if name)),
        link=link,
        title=shown,
        summary=summary,
        content=body.html,
        full_text=bool(body.html),
        language=language,
        translation_of=_name(read.translation_of, read.base),
        categories=_names(read.categories),
        authors=_names(read.authors),
        picture=_picture(read),
        enclosures=enclosures,
        facts=read.facts,
        published_at=when.at,
        published_on=when.on,
        published_raw=one_line(read.published)[:200],
        precision=when.precision,
        updated_at=updated if updated is None or updated <= now else now,
        fingerprint=fingerprint(shown, summary, body, link, enclosures, read.facts),
        raw=_raw(read),
    )
    translations = tuple(name for each in read.translations if (name := _name(each, read.base)))
    return Known(item=item, complaints=complaints, translations=translations, picture_file=read.picture_file)


def ident_of(said: str) -> str:
    """An identity as we keep it, of what a source calls an item; the same wherever it says so."""
    return legal(said).strip()[:2000]


def _legal(read: ReadItem) -> ReadItem:
    content, summary = legal(read.content), legal(read.summary)
    if content is read.content and summary is read.summary:
        return read
    return replace(read, content=content, summary=summary)


def distinct(items: Iterable[Known]) -> tuple[Known, ...]:
    """Each item once: an ident seen twice is one item if link or title agree, else the generator is broken.

    Of the same item the newest stays; of different ones the first keeps the ident, later ones get `ident|link`.
    """
    kept: dict[str, Known] = {}
    for known in items:
        item = known.item
        first = kept.get(item.ident)
        if first is None:
            kept[item.ident] = known
        elif first.item.link == item.link or title_key(first.item.title) == title_key(item.title):
            if _age(item) > _age(first.item):
                kept[item.ident] = known
        else:
            ident = f"{item.ident}|{item.link}"
            aliases = tuple(dict.fromkeys((ident, *(name for name in item.aliases if name != item.ident))))
            kept.setdefault(ident, replace(known, item=replace(item, ident=ident, aliases=aliases)))
    return tuple(kept.values())


def language_of(said: str, site: str) -> str:
    """A tag in lower case; the site's own where it is unsaid, unreadable or only another region of the same."""
    tag = said.strip().lower().replace("_", "-")[:35]
    primary = tag.partition("-")[0]
    readable = primary.isascii() and primary.isalpha() and 2 <= len(primary) <= 3
    if not readable or primary == site.lower().partition("-")[0]:
        return site.lower()
    return tag if all(part.isascii() and part.isalnum() for part in tag.split("-")) else primary


def _age(item: Item) -> datetime:
    # Aware, and before anything real.
    return item.updated_at or item.published_at or datetime.fromisoformat("0001-01-01T00:00:00+00:00")


def _ident(read: ReadItem, link: str, title: str, text: str) -> tuple[str, IdentKind]:
    if guid := ident_of(read.guid):
        return guid, IdentKind.GUID
    if link:
        return link, IdentKind.LINK
    digest = sha256(f"{title_key(title)}\n{title_key(text)[:2000]}".encode()).hexdigest()
    return digest, IdentKind.HASH


def _texts(read: ReadItem, *, base: str, language: str) -> tuple[Cleaned, str]:
    """The whole text, empty when all we have is an excerpt, and the summary, in one language."""
    body = cleaned(read.content, base=base)
    said = one_tongue(teaser(read.summary), language)
    if body.words and not is_cut(body.words):
        words = one_tongue(body.words, language)
        if is_foreign(said, language) and not is_foreign(words, language):
            said = ""
        return body, shorten(said or words, TEASER_LIMIT * 2 if said else TEASER_LIMIT)
    if not body.words:
        body = cleaned(read.summary, base=base)
        if len(body.words) >= _FULL_FROM and not is_cut(body.words):
            return body, shorten(said, TEASER_LIMIT * 2)
    return Cleaned("", ""), said or one_tongue(teaser(read.content), language)


def _when(read: ReadItem, habits: Habits, language: str, now: datetime) -> tuple[When, tuple[str, ...]]:
    when = read_date(
        read.published,
        zone=habits.zone,
        order=habits.date_order,
        language=language,
        keep_offset=habits.keep_offset,
        words=habits.words,
    )
    shown = one_line(read.title)[:80]
    if when.ambiguous:
        return When(), (f"{shown}: date {read.published[:40]!r} could be two days; say date_order",)
    if when.precision is Precision.NONE:
        return when, (f"{shown}: no readable date ({one_line(read.published)[:40]!r})",) if read.published else ()
    if read.published_on is not None and when.precision is Precision.SECOND:
        when = replace(when, on=read.published_on)
    return when, (f"{shown}: dated in the future",) if _is_ahead(when, habits, now) else ()


def _is_ahead(when: When, habits: Habits, now: datetime) -> bool:
    """A day without an hour stands for its noon, and today is not ahead in the morning."""
    if when.precision is Precision.DAY and when.on is not None:
        return when.on > now.astimezone(habits.zone).date()
    return when.at is not None and when.at > now + _EARLY


def _name(name: str, base: str) -> str:
    """A reference to another item: a canonical link where it is one, else an ident as written."""
    text = ident_of(name)
    return canonical_link(absolute(text, base)) if text.startswith(("http://", "https://", "/")) else text


def _names(values: Iterable[str]) -> tuple[str, ...]:
    names = (title_text(value, is_html=True)[:100] for value in values)
    return tuple(dict.fromkeys(name for name in names if name))[:50]


def _picture(read: ReadItem) -> Picture | None:
    alt = described(shorten(one_line(read.picture_alt), 500))
    if read.picture_file:
        return Picture(url="", alt=alt)
    url = canonical_link(absolute(read.picture, read.base)) if read.picture else ""
    return Picture(url=url, alt=alt) if url else None


def _enclosures(read: ReadItem) -> tuple[Enclosure, ...]:
    found = (
        replace(each, url=canonical_link(absolute(each.url, read.base)), type=one_line(each.type)[:100])
        for each in read.enclosures[:50]
    )
    return tuple(each for each in found if each.url)


def _raw(read: ReadItem) -> str:
    """`name=value`, parted by a sign that no legal text holds: writing JSON would take as long as cleaning."""
    given = [f"{name}={value if name in _LEGAL else legal(value)}" for name, value in _strings(read) if value]
    most = _RAW_LIMIT if sum(map(len, given)) <= _RAW_LIMIT else _RAW_LIMIT // 8
    return "\x1e".join(each[:most] for each in given)


def _strings(read: ReadItem) -> Iterator[tuple[str, str]]:
    for name in _STRINGS:
        yield name, getattr(read, name)
