"""What belongs to a feed, how far the feed has looked, and which archive document each entry stays in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import delete, func, select, update

from digest.store.database import Tx, insert_ignore, parts, upsert_many
from digest.store.schema import feed_archives, feed_documents, feed_entries, feed_marks

_C = feed_entries.c
_A = feed_archives.c
_ARCHIVE = "archive/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a feed has looked (`changed`) and is built (`built`), and what it was declared as then."""

    feed: str
    selection: str
    print: str = ""
    changed: int = -1
    changed_at: datetime
    """The newest change of anything that belongs or belonged to the feed."""
    touched: int = 0
    """How many changes of it there were."""
    built: int = -1
    entries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An announcement that belongs to a feed, by row id, with what orders it there."""

    announcement_id: int
    effective_at: datetime
    seq: int


_MARK = [feed_marks.c[each.name] for each in fields(Mark)]


def part_of(number: int) -> str:
    """The part of `feed_documents` that an archive document is."""
    return f"{_ARCHIVE}{number}"


async def marks(tx: Tx) -> dict[str, Mark]:
    """Where each feed stands that was ever built."""
    return {row.feed: Mark(**row._mapping) for row in await tx.execute(select(*_MARK))}


async def put_marks(tx: Tx, *new: Mark) -> None:
    if new:
        names = [each.name for each in fields(Mark)]
        statement = upsert_many(tx, feed_marks, key=("feed",), change=[name for name in names if name != "feed"])
        await tx.execute(statement, [{name: getattr(one, name) for name in names} for one in new])


async def clear(tx: Tx, feed: str) -> None:
    """Forget what belonged to a feed, its archive documents too: it was declared as something else."""
    await tx.execute(delete(feed_entries).where(_C.feed == feed))
    await tx.execute(delete(feed_archives).where(_A.feed == feed))
    archives = feed_documents.c.part.startswith(_ARCHIVE, autoescape=True)
    await tx.execute(delete(feed_documents).where(feed_documents.c.feed == feed, archives))


async def take(tx: Tx, feed: str, members: Sequence[Member]) -> None:
    """Let these belong to the feed."""
    if members:
        rows = [{"feed": feed, **{each.name: getattr(one, each.name) for each in fields(Member)}} for one in members]
        await tx.execute(insert_ignore(tx, feed_entries), rows)


async def come_back(tx: Tx, feed: str, ids: Iterable[int]) -> None:
    """These fit the feed, and if they had left it they are in the current document again."""
    for part in parts(sorted(set(ids))):
        back = update(feed_entries).where(_C.feed == feed, _C.announcement_id.in_(part), _C.gone)
        await tx.execute(back.values(gone=False))


async def leave(tx: Tx, feed: str, ids: Iterable[int]) -> None:
    """These fit the feed no more; an archive document keeps what it holds."""
    for part in parts(sorted(set(ids))):
        these = (_C.feed == feed) & _C.announcement_id.in_(part)
        await tx.execute(delete(feed_entries).where(these, _C.archive.is_(None)))
        await tx.execute(update(feed_entries).where(these).values(gone=True))


async def remove(tx: Tx, feed: str, ids: Iterable[int]) -> None:
    """These were taken back: no document of the feed holds them any longer."""
    for part in parts(sorted(set(ids))):
        await tx.execute(delete(feed_entries).where(_C.feed == feed, _C.announcement_id.in_(part)))


async def among(tx: Tx, feed: str, ids: Iterable[int]) -> dict[int, int | None]:
    """Those of these announcements that belong to the feed, with the archive document they stay in."""
    found: dict[int, int | None] = {}
    for part in parts(sorted(set(ids))):
        query = select(_C.announcement_id, _C.archive).where(_C.feed == feed, _C.announcement_id.in_(part))
        found.update({row[0]: row[1] for row in await tx.execute(query)})
    return found


async def newest(tx: Tx, feed: str, limit: int) -> tuple[int, ...]:
    """The newest by effective time, as row ids."""
    query = select(_C.announcement_id).where(_C.feed == feed, _C.gone.is_(False))
    query = query.order_by(_C.effective_at.desc(), _C.seq.desc()).limit(limit)
    return tuple((await tx.execute(query)).scalars())


async def loose(tx: Tx, feed: str) -> tuple[int, ...]:
    """Those that no archive document holds yet, the oldest first."""
    query = select(_C.effective_at, _C.seq, _C.announcement_id).where(_C.feed == feed, _C.archive.is_(None))
    # Sorted here: asked for an order, SQLite would go through the whole feed by it.
    return tuple(row[2] for row in sorted(tuple(row) for row in await tx.execute(query)))


async def held(tx: Tx, feed: str, number: int) -> tuple[int, ...]:
    """What an archive document holds, the newest first; always in the same order."""
    query = select(_C.announcement_id).where(_C.feed == feed, _C.archive == number)
    return tuple((await tx.execute(query.order_by(_C.effective_at.desc(), _C.seq.desc()))).scalars())


async def archives(tx: Tx, feed: str) -> int:
    """How many archive documents a feed has; they are numbered from 1, the oldest."""
    return int((await tx.execute(select(func.coalesce(func.max(_A.number), 0)).where(_A.feed == feed))).scalar_one())


async def shut(tx: Tx, feed: str, number: int, ids: Sequence[int]) -> None:
    """Begin an archive document that holds these for good."""
    await tx.execute(feed_archives.insert().values(feed=feed, number=number, stale=1))
    for part in parts(ids):
        held_now = update(feed_entries).where(_C.feed == feed, _C.announcement_id.in_(part))
        await tx.execute(held_now.values(archive=number))


async def disturb(tx: Tx, feed: str, numbers: Iterable[int] | None = None) -> None:
    """Have these archive documents, or all, built again."""
    raised = update(feed_archives).where(_A.feed == feed).values(stale=_A.stale + 1)
    if numbers is None:
        await tx.execute(raised)
        return
    for part in parts(sorted(set(numbers))):
        await tx.execute(raised.where(_A.number.in_(part)))


async def stale(tx: Tx, feed: str, limit: int) -> tuple[tuple[int, int], ...]:
    """(number, stale) of archive documents to be built, the newest first."""
    query = select(_A.number, _A.stale).where(_A.feed == feed, _A.stale > 0).order_by(_A.number.desc()).limit(limit)
    return tuple((row[0], row[1]) for row in await tx.execute(query))


async def unsettled(tx: Tx) -> frozenset[str]:
    """The feeds that have an archive document to be built."""
    return frozenset((await tx.execute(select(_A.feed).where(_A.stale > 0).distinct())).scalars())


async def settle(tx: Tx, feed: str, number: int, seen: int) -> bool:
    """Say that an archive document stands; False when it was disturbed since it was `seen`, or built by another."""
    mine = update(feed_archives).where(_A.feed == feed, _A.number == number, _A.stale == seen)
    return bool((await tx.execute(mine.values(stale=0))).rowcount)
