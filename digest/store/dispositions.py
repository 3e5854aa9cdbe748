"""What became of each announcement for each digest: one row, for ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from digest.errors import EditionError
from digest.model.editions import Disposition
from digest.store import diary
from digest.store.database import Tx, insert_ignore, parts
from digest.store.schema import announcements, dispositions, editions


async def baseline(tx: Tx, digests: Sequence[str], announcements: Sequence[int], at: datetime) -> None:
    """An archive read for the first time is not announced: settle it so for every digest."""
    rows = [_row(digest, each, Disposition.BASELINE, None, at) for digest in digests for each in announcements]
    if rows:
        await tx.execute(insert_ignore(tx, dispositions), rows)


async def settle(
    tx: Tx,
    digest: str,
    announcements: Iterable[int],
    disposition: Disposition,
    edition: int,
    at: datetime,
    *,
    why: str = "",
) -> None:
    """Give each its disposition; EditionError when one already has one: another edition won."""
    rows = [_row(digest, each, disposition, edition, at, why) for each in announcements]
    if not rows:
        return
    settled_now = insert_ignore(tx, dispositions).returning(dispositions.c.announcement_id)
    if len((await tx.execute(settled_now, rows)).all()) < len(rows):
        raise EditionError("another process has just settled what it holds", about=digest)


async def settled(tx: Tx, digest: str) -> dict[int, tuple[Disposition, str, str]]:
    """Announcement row → (disposition, label of its edition or "", why)."""
    query = (
        select(dispositions.c.announcement_id, dispositions.c.disposition, editions.c.label, dispositions.c.why)
        .outerjoin(editions, editions.c.id == dispositions.c.edition_id)
        .where(dispositions.c.digest == digest)
    )
    return {row[0]: (Disposition(row[1]), row[2] or "", row[3]) for row in await tx.execute(query)}


async def release(tx: Tx, edition: int) -> None:
    """Owe again what a cancelled edition had settled, but for what somebody dropped: that is final."""
    mine = (dispositions.c.edition_id == edition) & (dispositions.c.disposition != Disposition.DROPPED)
    await tx.execute(dispositions.delete().where(mine))
    if diary.kept(tx):
        row = (await tx.execute(select(editions.c.digest, editions.c.label).where(editions.c.id == edition))).one()
        diary.write(tx, diary.RELEASED, digest=row.digest, label=row.label)


async def drop(tx: Tx, digest: str, wished: Mapping[str, str], edition: int, at: datetime) -> None:
    """Settle what somebody dropped from a draft that is given up (public id → why), where nothing has settled it."""
    for part in parts(sorted(wished)):
        c = announcements.c
        found = await tx.execute(select(c.id, c.public_id).where(c.public_id.in_(part)))
        rows = [_row(digest, row.id, Disposition.DROPPED, edition, at, wished[row.public_id]) for row in found]
        if rows:
            await tx.execute(insert_ignore(tx, dispositions), rows)


async def carried_elsewhere(tx: Tx, digest: str, label: str, public_ids: Sequence[str], at: datetime) -> int:
    """Settle what an edition carried that this store does not know, being older; how many it does not know, either."""
    unknown = 0
    for part in parts(public_ids):
        found = await tx.execute(select(announcements.c.id).where(announcements.c.public_id.in_(part)))
        ids = list(found.scalars())
        unknown += len(part) - len(ids)
        rows = [{**_row(digest, each, Disposition.CARRIED, None, at), "why": f"in {label}"} for each in ids]
        if rows:
            await tx.execute(insert_ignore(tx, dispositions), rows)
    return unknown


def _row(
    digest: str, announcement: int, what: Disposition, edition: int | None, at: datetime, why: str = ""
) -> dict[str, object]:
    return {
        "digest": digest,
        "announcement_id": announcement,
        "disposition": what.value,
        "edition_id": edition,
        "at": at,
        "why": why,
    }
