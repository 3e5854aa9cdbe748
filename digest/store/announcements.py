"""Announcements: minted once, folded from items, shown in versions.

Reads give whole announcements, versions best first, in a handful of statements however many there are.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, func, select

from digest.model import codec
from digest.model.announcements import EDITIONS, AlsoAt, Announcement, Enclosure, Facts, Picture, Precision, Version
from digest.store.database import Tx, parts
from digest.store.schema import announcements, dispositions, editions, items, sources, versions

_C = items.c
_SAID = [_C.announcement_id, _C.link, _C.title, _C.summary, _C.content, _C.full_text, _C.translation_of]
_SAID += [_C.categories, _C.authors, _C.picture, _C.enclosures, _C.facts]
_SAID += [_C.published_at, _C.published_on, _C.precision]


async def get(tx: Tx, public_id: str, *, language: str = "") -> Announcement | None:
    """One announcement, retracted or not; a merged one answers with what it was merged into.

    Versions stand in `language` first if given, else the original first, then by language; so in all reads here.
    """
    into = select(func.coalesce(announcements.c.merged_into, announcements.c.id))
    found = (await tx.execute(into.where(announcements.c.public_id == public_id))).scalar_one_or_none()
    if found is None:
        return None
    return next(iter(await many(tx, [found], language=language, retracted=True)), None)


async def by_slug(tx: Tx, slug: str, *, language: str = "") -> Announcement | None:
    """The announcement whose public id ends in this slug, whatever host it was minted with; else as `get`."""
    query = select(announcements.c.public_id).where(announcements.c.slug == slug)
    found = (await tx.execute(query.order_by(announcements.c.id).limit(1))).scalar_one_or_none()
    return None if found is None else await get(tx, found, language=language)


async def many(tx: Tx, ids: Iterable[int], *, language: str = "", retracted: bool = False) -> tuple[Announcement, ...]:
    """The announcements with these row ids, in this order, without merged ones, and retracted ones only if asked."""
    wanted = list(dict.fromkeys(ids))
    found: dict[int, Announcement] = {}
    for part in parts(wanted):
        base = select(announcements).where(announcements.c.id.in_(part))
        found.update({each.id: each for each in await _built(tx, base, language=language, retracted=retracted)})
    return tuple(found[each] for each in wanted if each in found)


async def listed(tx: Tx, *, limit: int | None = None, language: str = "") -> tuple[Announcement, ...]:
    """Announcements without our editions, newest first by effective time."""
    base = select(announcements).where(_news())
    base = base.order_by(announcements.c.effective_at.desc(), announcements.c.seq.desc()).limit(limit)
    return await _built(tx, base, language=language)


async def archive(tx: Tx, *, language: str) -> tuple[Announcement, ...]:
    """Every announcement, by seq, without our editions."""
    base = select(announcements).where(_news()).order_by(announcements.c.seq)
    return await _built(tx, base, language=language)


async def unsettled(tx: Tx, digest: str, seq: int, *, language: str = "") -> tuple[Announcement, ...]:
    """Announcements above a seq that have no disposition for the digest yet, by seq, without our editions."""
    settled = exists().where(dispositions.c.digest == digest, dispositions.c.announcement_id == announcements.c.id)
    base = select(announcements).where(announcements.c.seq > seq, ~settled, _news()).order_by(announcements.c.seq)
    return await _built(tx, base, language=language)


async def edited(tx: Tx, digest: str, after: datetime, until: datetime, *, language: str = "") -> list[Announcement]:
    """What the digest had carried when it was edited between two moments, the last edit first."""
    v, d = versions.c, dispositions.c
    edit = func.max(v.updated_at)
    query = (
        select(v.announcement_id)
        .join(dispositions, (d.announcement_id == v.announcement_id) & (d.digest == digest))
        .join(editions, (editions.c.id == d.edition_id) & (editions.c.sealed_at < v.updated_at))
        .where(v.updated_at > after, v.updated_at <= until)
        .group_by(v.announcement_id)
        .order_by(edit.desc(), v.announcement_id)
    )
    return list(await many(tx, (await tx.execute(query)).scalars().all(), language=language))


async def changes(tx: Tx, after: tuple[int, int], *, limit: int) -> tuple[tuple[int, int], ...]:
    """(change, row id) of announcements that changed after one of these pairs, in the order of changes."""
    change, row = after
    c = announcements.c
    later = (c.changed > change) | ((c.changed == change) & (c.id > row))
    query = select(c.changed, c.id).where(c.changed >= change, later).order_by(c.changed, c.id).limit(limit)
    return tuple((each[0], each[1]) for each in await tx.execute(query))


def _news() -> ColumnElement[bool]:
    """Not one of our editions, nor a site's post that only tells of one."""
    told = select(items.c.announcement_id).join(sources, sources.c.id == items.c.source_id)
    return announcements.c.id.not_in(told.where(sources.c.slug == EDITIONS))


async def _built(tx: Tx, base: Select[Any], *, language: str, retracted: bool = False) -> tuple[Announcement, ...]:
    shown = base.where(announcements.c.merged_into.is_(None))
    shown = shown if retracted else shown.where(announcements.c.retracted_at.is_(None))
    rows = (await tx.execute(shown)).all()
    said: dict[int, list[Row[Any]]] = defaultdict(list)
    for part in parts([row.id for row in rows]):
        for item in await tx.execute(_items_of(items.c.announcement_id.in_(part))):
            said[item.announcement_id].append(item)
    return tuple(built for row in rows if (built := _announcement(row, said[row.id], language)) is not None)


def _items_of(condition: ColumnElement[bool]) -> Select[Any]:
    shown = (versions.c.announcement_id == items.c.announcement_id) & (versions.c.item_id == items.c.id)
    return (
        select(
            *_SAID,
            sources.c.slug.label("source"),
            versions.c.language.label("shown_language"),
            versions.c.updated_at.label("shown_updated_at"),
            versions.c.fingerprint.label("shown_fingerprint"),
        )
        .join(sources, sources.c.id == items.c.source_id)
        .outerjoin(versions, shown)
        .where(condition, items.c.deleted_at.is_(None) | versions.c.language.is_not(None))
        .order_by(items.c.announcement_id, items.c.id)
    )


def _announcement(row: Row[Any], said: Sequence[Row[Any]], language: str) -> Announcement | None:
    shown = [item for item in said if item.shown_language is not None]
    if not shown:
        return None
    shown.sort(key=lambda item: (item.shown_language != language, bool(item.translation_of), item.shown_language))
    first = shown[0].source
    links = {item.link for item in shown}
    also = dict.fromkeys(AlsoAt(source=item.source, link=item.link) for item in said if item.link not in {*links, ""})
    return Announcement(
        id=row.id,
        public_id=row.public_id,
        seq=row.seq,
        effective_at=row.effective_at,
        first_seen_at=row.first_seen_at,
        updated_at=row.updated_at,
        versions=tuple(_version(item) for item in shown),
        sources=tuple(dict.fromkeys((first, *(item.source for item in said)))),
        also_at=tuple(also),
        retracted_at=row.retracted_at,
    )


def _version(item: Row[Any]) -> Version:
    return Version(
        language=item.shown_language,
        source=item.source,
        link=item.link,
        title=item.title,
        summary=item.summary,
        content=item.content,
        full_text=item.full_text,
        categories=_words(item.categories),
        authors=_words(item.authors),
        picture=codec.loads(Picture, item.picture) if item.picture else None,
        enclosures=_enclosures(item.enclosures),
        facts=_facts(item.facts),
        published_at=item.published_at,
        published_on=item.published_on,
        precision=Precision(item.precision),
        updated_at=item.shown_updated_at,
        fingerprint=item.shown_fingerprint,
    )


@lru_cache(maxsize=1_000)
def _words(text: str) -> tuple[str, ...]:
    # Few are ever different: most announcements share their categories and authors, and have no facts or files.
    return tuple(json.loads(text))


@lru_cache(maxsize=100)
def _facts(text: str) -> Facts:
    return Facts() if text in ("", "{}") else codec.loads(Facts, text)


@lru_cache(maxsize=100)
def _enclosures(text: str) -> tuple[Enclosure, ...]:
    return tuple(codec.loads(Enclosure, json.dumps(each)) for each in json.loads(text))
