"""Sources: where they stand, what they last answered, and when to ask again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, literal, select, update

from digest.model.announcements import EDITIONS
from digest.store.database import Tx, insert_ignore
from digest.store.schema import sources


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source as the ledger knows it; validators belong to `validators_url`."""

    id: int
    slug: str
    kind: str
    url: str
    validators_url: str
    etag: str
    last_modified: str
    body_hash: str
    first_collected_at: datetime | None
    checked_at: datetime | None
    full_fetch_at: datetime | None
    next_check_at: datetime | None
    hold_until: datetime | None
    last_success_at: datetime | None
    last_new_at: datetime | None
    failures: int
    last_error: str
    gone: bool
    rhythm_days: int | None
    moved_to: str
    moved_on: date | None
    moved_days: int
    adopted_url: str
    failing_since: datetime | None
    alerted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often a source usually says something, and when it last did."""

    days: int | None
    last: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What to send back to an address, and what its last answer was, in a hash."""

    url: str = ""
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An address that answers with a move for good: where to, on which day last, and on how many days in a row."""

    to: str = ""
    on: date | None = None
    days: int = 0
    adopted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """A visit that found nothing new."""

    source_id: int
    at: datetime
    next_check_at: datetime
    validators: Validators


_COLUMNS = [sources.c[name] for name in SourceRow.__slots__]


async def listed(tx: Tx) -> tuple[SourceRow, ...]:
    """Every source ever declared, also those no longer in the configuration, by slug; our editions are none."""
    rows = await tx.execute(select(*_COLUMNS).where(sources.c.slug != EDITIONS).order_by(sources.c.slug))
    return tuple(_row(row) for row in rows)


async def get(tx: Tx, slug: str) -> SourceRow | None:
    """One source, or None before it was first declared."""
    row = (await tx.execute(select(*_COLUMNS).where(sources.c.slug == slug))).one_or_none()
    return None if row is None else _row(row)


async def ensure(tx: Tx, slug: str, *, kind: str, url: str, was: Sequence[str] = ()) -> SourceRow:
    """The row of a declared source: renamed if it stood under an earlier slug, made if it is new.

    A new address drops what was known about asking the old one.
    """
    row = await get(tx, slug)
    if row is None and was:
        for old in was:
            if (row := await get(tx, old)) is not None:
                await tx.execute(update(sources).where(sources.c.id == row.id).values(slug=slug))
                break
    if row is None:
        await tx.execute(insert_ignore(tx, sources).values(slug=slug, kind=kind, url=url))
    elif (row.kind, row.url) != (kind, url):
        forget: dict[str, Any] = {"etag": "", "last_modified": "", "validators_url": "", "body_hash": ""}
        forget |= {"gone": False, "failures": 0, "adopted_url": "", "moved_to": "", "moved_on": None, "moved_days": 0}
        changed = update(sources).where(sources.c.id == row.id)
        await tx.execute(changed.values(kind=kind, url=url, hold_until=None, next_check_at=None, **forget))
    found = await get(tx, slug)
    assert found is not None  # noqa: S101 - inserted just above
    return found


async def succeeded(
    tx: Tx,
    source_id: int,
    *,
    at: datetime,
    next_check_at: datetime,
    validators: Validators,
    whole: bool,
    move: Move,
    rhythm: Rhythm | None = None,
    error: str = "",
) -> None:
    """Note a visit that brought items, or nothing new.

    `whole` says that the document came in full, `rhythm` is given where something was new, and `error` tells of
    parts that could not be read.
    """
    values: dict[str, Any] = {
        "checked_at": at,
        "last_success_at": at,
        "next_check_at": next_check_at,
        "hold_until": None,
        "failures": sources.c.failures + 1 if error else 0,
        "last_error": error[:1000],
        "failing_since": func.coalesce(sources.c.failing_since, literal(at, sources.c.failing_since.type))
        if error
        else None,
        "gone": False,
        "moved_to": move.to,
        "moved_on": move.on,
        "moved_days": move.days,
        "adopted_url": move.adopted,
        **_valid(validators),
    }
    values |= {"full_fetch_at": at} if whole else {}
    values |= {"rhythm_days": rhythm.days, "last_new_at": rhythm.last or at} if rhythm else {}
    await tx.execute(update(sources).where(sources.c.id == source_id).values(**values))
    first = update(sources).where(sources.c.id == source_id, sources.c.first_collected_at.is_(None))
    if whole:
        await tx.execute(first.values(first_collected_at=at))


async def unchanged(tx: Tx, visits: Sequence[Unchanged]) -> None:
    """Note visits to sources that were well, and had nothing new, all at once."""
    if not visits:
        return
    names = ("checked_at", "last_success_at", "next_check_at", "validators_url", "etag", "last_modified", "body_hash")
    statement = update(sources).where(sources.c.id == bindparam("row_id"))
    rows = [
        {"row_id": each.source_id, "new_checked_at": each.at, "new_last_success_at": each.at}
        | {"new_next_check_at": each.next_check_at}
        | {f"new_{name}": value for name, value in _valid(each.validators).items()}
        for each in visits
    ]
    await tx.execute(statement.values({name: bindparam(f"new_{name}") for name in names}), rows)


def _valid(validators: Validators) -> dict[str, str]:
    return {
        "validators_url": validators.url,
        "etag": validators.etag,
        "last_modified": validators.last_modified,
        "body_hash": validators.body_hash,
    }


async def failed(
    tx: Tx,
    source_id: int,
    *,
    at: datetime,
    error: str,
    next_check_at: datetime,
    hold_until: datetime | None = None,
    gone: bool = False,
) -> None:
    """Note a visit that failed; what is known of the source stays."""
    values = {
        "checked_at": at,
        "next_check_at": next_check_at,
        "hold_until": hold_until,
        "failures": sources.c.failures + 1,
        "last_error": error[:1000],
        "failing_since": func.coalesce(sources.c.failing_since, literal(at, sources.c.failing_since.type)),
        "gone": gone,
        # Where the address that was adopted fails, the one that was declared is asked again.
        "adopted_url": "",
    }
    await tx.execute(update(sources).where(sources.c.id == source_id).values(**values))


async def alerted(tx: Tx, source_id: int, at: datetime | None) -> bool:
    """Say that somebody was told of an incident, or with None of its end; False when another process just did."""
    mine = sources.c.alerted_at.is_(None) if at else sources.c.alerted_at.is_not(None)
    done = await tx.execute(update(sources).where(sources.c.id == source_id, mine).values(alerted_at=at))
    return bool(done.rowcount)


def _row(row: Row[Any]) -> SourceRow:
    return SourceRow(**row._mapping)
