"""Pictures that we serve ourselves; the files stand in the media folder, named by their hash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from digest.model import codec
from digest.model.announcements import Picture
from digest.store.database import Tx, insert_ignore, parts
from digest.store.schema import announcements, items, media


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRow:
    """A stored picture; `url` is where it came from."""

    sha256: str
    type: str
    width: int
    height: int
    bytes: int
    url: str


_COLUMNS = [media.c[name] for name in MediaRow.__slots__]


async def get(tx: Tx, sha256: str) -> MediaRow | None:
    """The picture of that hash."""
    row = (await tx.execute(select(*_COLUMNS).where(media.c.sha256 == sha256))).one_or_none()
    return None if row is None else MediaRow(**row._mapping)


async def by_urls(tx: Tx, urls: Iterable[str]) -> dict[str, MediaRow]:
    """The pictures that came from these addresses."""
    found: dict[str, MediaRow] = {}
    for part in parts(sorted(set(urls))):
        rows = await tx.execute(select(*_COLUMNS).where(media.c.url.in_(part)))
        found.update({row.url: MediaRow(**row._mapping) for row in rows})
    return found


async def withdraw(tx: Tx, announcement_id: int) -> tuple[str, ...]:
    """Serve the pictures of an announcement no longer, but for those that another one shows; their hashes."""
    mine = select(items.c.picture).where(items.c.announcement_id == announcement_id, items.c.picture.is_not(None))
    names = {codec.loads(Picture, text).sha256 for text in (await tx.execute(mine)).scalars()} - {""}
    for name in sorted(names):
        others = (
            select(func.count())
            .select_from(items)
            .join(announcements, announcements.c.id == items.c.announcement_id)
            .where(items.c.picture.contains(name), announcements.c.id != announcement_id)
            .where(announcements.c.retracted_at.is_(None))
        )
        if (await tx.execute(others)).scalar_one():
            names.remove(name)
    await tx.execute(media.delete().where(media.c.sha256.in_(sorted(names))))
    return tuple(sorted(names))


async def add(tx: Tx, row: MediaRow, at: datetime) -> None:
    """Keep a picture; the same bytes from a second address stay one."""
    values = {name: getattr(row, name) for name in MediaRow.__slots__}
    await tx.execute(insert_ignore(tx, media).values(**values, at=at))
