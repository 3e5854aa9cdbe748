"""Editions, their sealed revisions and entries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import Row, func, insert, select, update

from digest.errors import EditionError
from digest.model import codec
from digest.model.editions import UNFINISHED, Edition, EditionStatus, Snapshot, may_move
from digest.store import diary
from digest.store.database import Tx, insert_ignore
from digest.store.schema import announcements, edition_revisions, editions, entries

_COLUMNS = [editions.c[name] for name in Edition.__dataclass_fields__]


async def listed(tx: Tx, digest: str | None = None, *, limit: int | None = None) -> tuple[Edition, ...]:
    """Editions of a digest, or of all, the newest first."""
    query = select(*_COLUMNS).order_by(editions.c.id.desc()).limit(limit)
    if digest is not None:
        query = query.where(editions.c.digest == digest)
    return tuple(map(_edition, await tx.execute(query)))


async def get(tx: Tx, edition: int) -> Edition:
    return _edition((await tx.execute(select(*_COLUMNS).where(editions.c.id == edition))).one())


async def why(tx: Tx, edition: int) -> str:
    """Why it came to its status, where somebody or something said so."""
    return str((await tx.execute(select(editions.c.why).where(editions.c.id == edition))).scalar_one())


async def by_label(tx: Tx, digest: str, label: str) -> Edition | None:
    return await _first(tx, editions.c.digest == digest, editions.c.label == label)


async def made_for(tx: Tx, digest: str, until: datetime) -> Edition | None:
    """The edition that was made for that very moment, and neither skipped nor called off."""
    over = editions.c.status.not_in((EditionStatus.SKIPPED, EditionStatus.CANCELLED))
    return await _first(tx, editions.c.digest == digest, editions.c.until == until, over)


async def unfinished(tx: Tx, digest: str) -> Edition | None:
    """The oldest edition that still wants something done."""
    return await _first(tx, editions.c.digest == digest, editions.c.status.in_(sorted(UNFINISHED)))


async def last_sealed(tx: Tx, digest: str) -> Edition | None:
    """The newest edition that was sealed and not cancelled."""
    query = (
        select(*_COLUMNS)
        .where(editions.c.digest == digest, editions.c.number > 0, editions.c.status != EditionStatus.CANCELLED)
        .order_by(editions.c.number.desc())
        .limit(1)
    )
    row = (await tx.execute(query)).first()
    return _edition(row) if row else None


async def free_label(tx: Tx, digest: str, day: str) -> str:
    """`2026-06-26`, or `2026-06-26-2` for a second edition that day."""
    query = select(editions.c.label).where(editions.c.digest == digest, editions.c.label.startswith(day))
    taken = set((await tx.execute(query)).scalars())
    candidates = (day, *(f"{day}-{number}" for number in range(2, len(taken) + 3)))
    return next(label for label in candidates if label not in taken)


async def next_number(tx: Tx, digest: str) -> int:
    query = select(func.coalesce(func.max(editions.c.number), 0)).where(editions.c.digest == digest)
    return int((await tx.execute(query)).scalar_one()) + 1


async def add(
    tx: Tx,
    *,
    digest: str,
    label: str,
    number: int,
    status: EditionStatus,
    slot_at: datetime | None,
    until: datetime,
    now: datetime,
    by: Literal["arrival", "effective"] = "arrival",
    why: str = "",
) -> Edition:
    """A new edition; EditionError when somebody else just took its label."""
    sealed = status is EditionStatus.SEALED
    values = {"digest": digest, "label": label, "number": number, "status": status, "revision": int(sealed)}
    values |= {
        "slot_at": slot_at,
        "until": until,
        "by": by,
        "created_at": now,
        "sealed_at": now if sealed else None,
        "why": why,
    }
    made = (await tx.execute(insert_ignore(tx, editions).values(values).returning(*_COLUMNS))).one_or_none()
    if made is None:
        raise EditionError("was composed by another process just now", about=f"{digest} {label}")
    return _edition(made)


async def add_revision(
    tx: Tx,
    edition: Edition,
    snapshot: Snapshot,
    contents: Iterable[tuple[int, str]],
    *,
    now: datetime,
    why: str = "",
) -> str:
    """Seal what the edition says; `contents` is (announcement, section) in reading order. Returns its fingerprint."""
    text, named = codec.dumps(snapshot), fingerprint(snapshot)
    values = {"edition_id": edition.id, "revision": edition.revision, "at": now}
    await tx.execute(insert(edition_revisions).values(**values, fingerprint=named, snapshot=text, why=why))
    rows = [
        {
            "edition_id": edition.id,
            "revision": edition.revision,
            "position": position,
            "announcement_id": announcement,
            "section": section,
        }
        for position, (announcement, section) in enumerate(contents, 1)
    ]
    if rows:
        await tx.execute(insert(entries), rows)
    if diary.kept(tx):
        ids = (row["announcement_id"] for row in rows)
        known = select(announcements.c.public_id).where(announcements.c.id.in_(ids))
        said = sorted((await tx.execute(known)).scalars())
        diary.write(tx, diary.SEALED, now, digest=edition.digest, label=edition.label, items=said)
    return named


def fingerprint(snapshot: Snapshot) -> str:
    """What names all that a snapshot says."""
    return sha256(codec.dumps(snapshot).encode()).hexdigest()


async def snapshot(tx: Tx, edition: int, revision: int) -> Snapshot:
    """What a sealed revision says."""
    query = select(edition_revisions.c.snapshot).where(
        edition_revisions.c.edition_id == edition, edition_revisions.c.revision == revision
    )
    return codec.loads(Snapshot, (await tx.execute(query)).scalar_one())


async def contents(tx: Tx, edition: Edition) -> tuple[tuple[int, str], ...]:
    """(announcement, section) of the revision in force, in reading order."""
    query = (
        select(entries.c.announcement_id, entries.c.section)
        .where(entries.c.edition_id == edition.id, entries.c.revision == edition.revision)
        .order_by(entries.c.position)
    )
    return tuple((row[0], row[1]) for row in await tx.execute(query))


async def carrying(tx: Tx, announcement: int) -> frozenset[int]:
    """The editions that hold an announcement."""
    query = select(entries.c.edition_id).where(entries.c.announcement_id == announcement)
    return frozenset((await tx.execute(query)).scalars())


async def move(tx: Tx, edition: Edition, status: EditionStatus, *, now: datetime, why: str = "") -> Edition:
    """Take a legal step; EditionError when it is none, or when somebody else moved it meanwhile."""
    if not may_move(edition.status, status):
        said = "already" if edition.status is status else f"and cannot become {status}"
        raise EditionError(f"is {edition.status} {said}", about=f"{edition.digest} {edition.label}")
    values: dict[str, object] = {"status": status, "why": why}
    if status is EditionStatus.SENT:
        values["sent_at"] = now
    changed = await tx.execute(
        update(editions)
        .where(editions.c.id == edition.id, editions.c.status == edition.status)
        .values(values)
        .returning(*_COLUMNS)
    )
    row = changed.first()
    if row is None:
        raise EditionError("was changed by somebody else just now", about=f"{edition.digest} {edition.label}")
    return _edition(row)


async def seal(tx: Tx, edition: Edition, *, number: int, now: datetime) -> Edition:
    """An approved edition becomes its first sealed revision."""
    sealed = await move(tx, edition, EditionStatus.SEALED, now=now)
    values = {"number": number, "revision": 1, "sealed_at": now}
    changed = await tx.execute(update(editions).where(editions.c.id == sealed.id).values(values).returning(*_COLUMNS))
    return _edition(changed.one())


async def revise(tx: Tx, edition: Edition) -> Edition:
    """Count a sealed edition's next revision; EditionError when somebody else was faster."""
    same = (editions.c.id == edition.id) & (editions.c.revision == edition.revision)
    change = update(editions).where(same, editions.c.status == edition.status)
    row = (await tx.execute(change.values(revision=edition.revision + 1).returning(*_COLUMNS))).first()
    if row is None:
        raise EditionError("was changed by somebody else just now", about=f"{edition.digest} {edition.label}")
    return _edition(row)


async def held(tx: Tx, digest: str) -> Edition | None:
    """The edition of a digest that waits for a person."""
    return await _first(tx, editions.c.digest == digest, editions.c.status == EditionStatus.HELD)


async def _first(tx: Tx, *where: object) -> Edition | None:
    query = select(*_COLUMNS).where(*where).order_by(editions.c.id).limit(1)  # type: ignore[arg-type]
    row = (await tx.execute(query)).first()
    return _edition(row) if row else None


def _edition(row: Row[Any]) -> Edition:
    values = dict(row._mapping)
    return Edition(**{**values, "status": EditionStatus(values["status"])})
