"""Items: what each source said, under every name it was seen under in that source.

Lookups and writes take whole batches: a document of ten thousand items costs tens of statements, not ten thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update

from digest.model import codec
from digest.model.announcements import Item
from digest.store.database import Tx, insert_ignore, parts
from digest.store.schema import announcements, item_aliases, items


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredItem:
    """What must be known of an item to tell whether it changed."""

    id: int
    ident: str
    announcement_id: int
    fingerprint: str
    link: str
    picture: str | None
    published_raw: str
    categories: str
    authors: str
    language: str
    full_text: bool
    title_key: str
    published_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An item that a new one may be the same announcement as."""

    announcement_id: int
    source_id: int
    link: str
    link_key: str
    title_key: str
    language: str
    published_at: datetime | None
    published_on: date | None
    precision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An item with its announcement and its keys, ready to be inserted."""

    item: Item
    announcement_id: int
    link_key: str
    title_key: str


_STORED = [items.c[name] for name in StoredItem.__slots__]
_CANDIDATE = [items.c[name] for name in Candidate.__slots__ if name != "announcement_id"]


async def by_alias(tx: Tx, source_id: int, aliases: Iterable[str]) -> dict[str, StoredItem]:
    """The items of one source under any of these names; the name is the key, and an ident comes before an alias."""
    found: dict[str, StoredItem] = {}
    wanted = sorted(set(aliases))
    joined = select(item_aliases.c.alias, *_STORED).join(items, items.c.id == item_aliases.c.item_id)
    for part in parts(wanted):
        query = joined.where(item_aliases.c.source_id == source_id, item_aliases.c.alias.in_(part))
        for row in await tx.execute(query):
            values = dict(row._mapping)
            alias = values.pop("alias")
            found[alias] = StoredItem(**values)
        own = select(*_STORED).where(items.c.source_id == source_id, items.c.ident.in_(part))
        found.update({row.ident: StoredItem(**row._mapping) for row in await tx.execute(own)})
    return found


async def candidates(tx: Tx, *, link_keys: Iterable[str], title_keys: Iterable[str]) -> list[Candidate]:
    """Items of any source that share a link or a title; a merged announcement stands for what it went into."""
    into = announcements.c.merged_into
    base = select(into.label("merged_into"), items.c.announcement_id, items.c.id, *_CANDIDATE).join(
        announcements, announcements.c.id == items.c.announcement_id
    )
    found: dict[int, Candidate] = {}
    for column, keys in ((items.c.link_key, link_keys), (items.c.title_key, title_keys)):
        for part in parts(sorted({key for key in keys if key})):
            for row in await tx.execute(base.where(column.in_(part))):
                values = dict(row._mapping)
                merged = values.pop("merged_into")
                values["announcement_id"] = merged or values["announcement_id"]
                row_id = values.pop("id")
                found[row_id] = Candidate(**values)
    return list(found.values())


async def by_title(tx: Tx, source_id: int, title_keys: Iterable[str]) -> list[StoredItem]:
    """The items of one source with any of these titles."""
    found: list[StoredItem] = []
    for part in parts(sorted({key for key in title_keys if key})):
        query = select(*_STORED).where(items.c.source_id == source_id, items.c.title_key.in_(part))
        found += [StoredItem(**row._mapping) for row in await tx.execute(query)]
    return found


async def texts(tx: Tx, ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """(content, summary) of these items."""
    found: dict[int, tuple[str, str]] = {}
    for part in parts(sorted(set(ids))):
        query = select(items.c.id, items.c.content, items.c.summary).where(items.c.id.in_(part))
        found.update({row.id: (row.content, row.summary) for row in await tx.execute(query)})
    return found


async def translating(tx: Tx, source_id: int, names: Iterable[str]) -> dict[str, int]:
    """What is named as the original by items that came before it -> their announcement.

    A link may be named by any source, all else only within one.
    """
    found: dict[str, int] = {}
    into = func.coalesce(announcements.c.merged_into, items.c.announcement_id)
    base = select(items.c.translation_of, items.c.source_id, into.label("row"))
    joined = base.join(announcements, announcements.c.id == items.c.announcement_id)
    for part in parts(sorted({name for name in names if name})):
        for row in await tx.execute(joined.where(items.c.translation_of.in_(part)).order_by(items.c.id)):
            if row.source_id == source_id or row.translation_of.startswith(("http://", "https://")):
                found.setdefault(row.translation_of, row.row)
    return found


async def add(tx: Tx, source_id: int, placed: Sequence[Placed], *, at: datetime) -> None:
    """Insert new items with their aliases."""
    if not placed:
        return
    await tx.execute(
        items.insert(),
        [{"source_id": source_id, "first_seen_at": at, "ident": each.item.ident, **_seen(each, at)} for each in placed],
    )
    await name(tx, source_id, {each.item.ident: each.item.aliases for each in placed})


async def revise(tx: Tx, changed: Mapping[int, Placed], *, at: datetime, content: bool) -> None:
    """Overwrite items by row id; `content` says that a reader would notice."""
    if not changed:
        return
    columns = [
        column for column in _seen(next(iter(changed.values())), at) if content or column != "content_changed_at"
    ]
    values: dict[str, Any] = {column: bindparam(f"new_{column}") for column in columns}
    statement = update(items).where(items.c.id == bindparam("row_id")).values(values)
    rows = []
    for row_id, placed in changed.items():
        seen = _seen(placed, at)
        rows.append({"row_id": row_id, **{f"new_{column}": seen[column] for column in columns}})
    await tx.execute(statement, rows)


async def touch(tx: Tx, ids: Iterable[int], *, at: datetime) -> None:
    """Note that these were still there."""
    for part in parts(sorted(set(ids))):
        await tx.execute(update(items).where(items.c.id.in_(part)).values(last_seen_at=at))


async def name(tx: Tx, source_id: int, aliases: Mapping[str, Sequence[str]]) -> None:
    """Keep every name that items (by ident) go under in their source; the first bearer of a name keeps it."""
    ids: dict[str, int] = {}
    for part in parts(sorted(aliases)):
        query = select(items.c.ident, items.c.id).where(items.c.source_id == source_id, items.c.ident.in_(part))
        ids.update({row.ident: row.id for row in await tx.execute(query)})
    rows = [
        {"source_id": source_id, "alias": alias, "item_id": ids[ident]}
        for ident, names in aliases.items()
        for alias in dict.fromkeys((ident, *names))
        if ident in ids
    ]
    if rows:
        await tx.execute(insert_ignore(tx, item_aliases), rows)


async def latest(tx: Tx, source_id: int, limit: int) -> tuple[datetime, ...]:
    """When a source's newest dated items were published, the newest first."""
    dated = (items.c.source_id == source_id) & items.c.published_at.is_not(None)
    query = select(items.c.published_at).where(dated).order_by(items.c.published_at.desc()).limit(limit)
    return tuple((await tx.execute(query)).scalars())


def _seen(placed: Placed, at: datetime) -> dict[str, Any]:
    item = placed.item
    return {
        "ident_kind": item.ident_kind.value,
        "announcement_id": placed.announcement_id,
        "link": item.link,
        "link_key": placed.link_key,
        "title": item.title,
        "title_key": placed.title_key,
        "summary": item.summary,
        "content": item.content,
        "full_text": item.full_text,
        "language": item.language,
        "translation_of": item.translation_of,
        "categories": codec.dumps(item.categories),
        "authors": codec.dumps(item.authors),
        "picture": codec.dumps(item.picture) if item.picture else None,
        "enclosures": codec.dumps(item.enclosures),
        "facts": codec.dumps(item.facts),
        "published_at": item.published_at,
        "published_on": item.published_on,
        "published_raw": item.published_raw,
        "precision": item.precision.value,
        "updated_at": item.updated_at,
        "last_seen_at": at,
        "content_changed_at": at,
        "fingerprint": item.fingerprint,
        "raw": item.raw,
    }
