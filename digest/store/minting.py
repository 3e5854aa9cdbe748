"""Minting announcements, and choosing which item is shown for each in a language."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from digest.model import codec
from digest.model.announcements import Version, slug_of
from digest.store.database import Tx, insert_ignore, parts, upsert
from digest.store.schema import announcements, counters, dispositions, items, revisions, sources, versions

_COUNTER = "announcements"
_CHANGES = "changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    """An announcement about to be."""

    public_id: str
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Which item is shown for an announcement in a language."""

    announcement_id: int
    language: str
    item_id: int
    fingerprint: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """An item that may be shown for an announcement."""

    announcement_id: int
    id: int
    source: str
    language: str
    full_text: bool
    first_seen_at: datetime
    published_at: datetime | None
    updated_at: datetime | None
    fingerprint: str


async def lock(tx: Tx) -> None:
    """Wait until nobody else is minting, and keep others waiting until this transaction ends."""
    await tx.execute(insert_ignore(tx, counters).values(name=_COUNTER, value=0))
    await tx.execute(select(counters.c.value).where(counters.c.name == _COUNTER).with_for_update())


async def mint(tx: Tx, minted: Sequence[Minted], *, at: datetime) -> list[int]:
    """Insert announcements and give their row ids, in order; `seq` rises in that order.

    The counter's row stays locked until this transaction ends, so a seq is never seen before a lower one.
    """
    if not minted:
        return []
    await lock(tx)
    raised = update(counters).where(counters.c.name == _COUNTER).values(value=counters.c.value + len(minted))
    last = int((await tx.execute(raised.returning(counters.c.value))).scalar_one())
    first = last - len(minted) + 1
    taken = await _taken(tx, [each.public_id for each in minted])
    change = await next_change(tx)
    rows = [
        {
            "public_id": (name := _free(each.public_id, taken)),
            "slug": slug_of(name),
            "seq": first + place,
            "changed": change,
            "effective_at": each.effective_at,
            "first_seen_at": at,
            "updated_at": at,
        }
        for place, each in enumerate(minted)
    ]
    await tx.execute(announcements.insert(), rows)
    between = announcements.c.seq.between(first, last)
    found = await tx.execute(select(announcements.c.id).where(between).order_by(announcements.c.seq))
    return [int(each) for each in found.scalars()]


async def _taken(tx: Tx, public_ids: Sequence[str]) -> set[str]:
    taken: set[str] = set()
    for part in parts(public_ids):
        query = select(announcements.c.public_id).where(announcements.c.public_id.in_(part))
        taken.update((await tx.execute(query)).scalars())
    return taken


def _free(public_id: str, taken: set[str]) -> str:
    free, number = public_id, 1
    while free in taken:
        number += 1
        free = f"{public_id}-{number}"
    taken.add(free)
    return free


async def contenders(tx: Tx, ids: Iterable[int]) -> dict[int, list[Contender]]:
    """Every item of these announcements that its source still has, to choose from."""
    found: dict[int, list[Contender]] = defaultdict(list)
    names = [name for name in Contender.__slots__ if name != "source"]
    base = select(*(items.c[name] for name in names), sources.c.slug.label("source")).join(sources)
    for part in parts(sorted(set(ids))):
        for row in await tx.execute(base.where(items.c.announcement_id.in_(part), items.c.deleted_at.is_(None))):
            found[row.announcement_id].append(Contender(**row._mapping))
    return dict(found)


async def shown(tx: Tx, ids: Iterable[int]) -> dict[tuple[int, str], Shown]:
    """What is shown now, by announcement and language."""
    found: dict[tuple[int, str], Shown] = {}
    for part in parts(sorted(set(ids))):
        for row in await tx.execute(select(versions).where(versions.c.announcement_id.in_(part))):
            found[row.announcement_id, row.language] = Shown(**row._mapping)
    return found


async def show(tx: Tx, chosen: Sequence[Shown], *, at: datetime) -> None:
    """Show these items from now on; their announcements count as changed."""
    for each in chosen:
        values = {name: getattr(each, name) for name in Shown.__slots__}
        await tx.execute(upsert(tx, versions, values, key=("announcement_id", "language")))
    await touched(tx, [each.announcement_id for each in chosen], at=at)


async def show_new(tx: Tx, chosen: Sequence[Shown]) -> None:
    """Show items of announcements minted in this transaction."""
    if chosen:
        await tx.execute(
            versions.insert(), [{name: getattr(each, name) for name in Shown.__slots__} for each in chosen]
        )


async def hide(tx: Tx, announcement_id: int, languages: Iterable[str]) -> None:
    """Show an announcement in these languages no longer."""
    these = versions.c.language.in_(sorted(languages))
    await tx.execute(versions.delete().where(versions.c.announcement_id == announcement_id, these))


async def merge(tx: Tx, gone: int, into: int, *, at: datetime) -> None:
    """Let one announcement be another from now on: its items, what became of it, and what it said before."""
    c = announcements.c
    for table in (items, revisions):
        await tx.execute(update(table).where(table.c.announcement_id == gone).values(announcement_id=into))
    await tx.execute(versions.delete().where(versions.c.announcement_id == gone))
    await tx.execute(update(announcements).where((c.id == gone) | (c.merged_into == gone)).values(merged_into=into))
    settled = (await tx.execute(select(dispositions).where(dispositions.c.announcement_id == gone))).mappings()
    rows = [{**row, "announcement_id": into} for row in settled]
    if rows:
        await tx.execute(insert_ignore(tx, dispositions), rows)
    await touched(tx, [gone, into], at=at)


async def touched(tx: Tx, ids: Iterable[int], *, at: datetime) -> None:
    """Note that announcements changed."""
    wanted = sorted(set(ids))
    if wanted:
        change = await next_change(tx)
        for part in parts(wanted):
            changed = update(announcements).where(announcements.c.id.in_(part))
            await tx.execute(changed.values(updated_at=at, changed=change))


async def next_change(tx: Tx) -> int:
    """The number of a change; its row stays locked until this transaction ends, as with `mint`."""
    await tx.execute(insert_ignore(tx, counters).values(name=_CHANGES, value=0))
    raised = update(counters).where(counters.c.name == _CHANGES).values(value=counters.c.value + 1)
    return int((await tx.execute(raised.returning(counters.c.value))).scalar_one())


async def last_change(tx: Tx) -> int:
    """The number of the last change; 0 before the first."""
    found = (await tx.execute(select(counters.c.value).where(counters.c.name == _CHANGES))).scalar_one_or_none()
    return int(found or 0)


async def keep_revisions(tx: Tx, old: Mapping[int, Sequence[Version]], *, at: datetime) -> None:
    """Keep what versions said before they changed."""
    rows = [
        {
            "announcement_id": announcement_id,
            "language": version.language,
            "at": at,
            "fingerprint": version.fingerprint,
            "version": codec.dumps(version),
        }
        for announcement_id, said in old.items()
        for version in said
    ]
    if rows:
        await tx.execute(revisions.insert(), rows)
