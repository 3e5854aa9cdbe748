"""Where each digest's schedule stands, and the slots it has owed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select, update

from digest.model.editions import EditionStatus
from digest.schedule import Slot
from digest.store.database import Tx, insert_ignore
from digest.store.schema import editions, schedules, slots


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A schedule's row; the effective expression is the tuned one, or else the declared."""

    digest: str
    declared: str
    timezone: str
    tuned: str | None
    tuned_by: str
    tuned_why: str
    tuned_at: datetime | None
    revision: int
    looked_at: datetime
    """Slots up to this moment have been dealt with; ahead of time where drafts are made ahead."""
    paused: bool
    paused_until: datetime | None
    """Until when, if it is paused; None is until somebody resumes it."""
    skip_next: int
    """How many of the next slots to leave out."""


class SlotState(StrEnum):
    OWED = "owed"
    ANSWERED = "answered"
    """It has its edition, or was found to need none."""
    SKIPPED = "skipped"
    """An operator paused or left it out."""
    MISSED = "missed"
    """It came too late for the digest's policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedSlot:
    """A slot's row."""

    id: int
    """The row; never leaves the house."""
    digest: str
    key: str
    at: datetime
    state: SlotState
    edition_id: int | None
    seen_at: datetime
    note: str


GivenUp = Mapping[tuple[str, str], str]
"""(digest, key) of a slot → why it brings no edition, in words."""
_STANDING = [schedules.c[name] for name in Standing.__dataclass_fields__]
_SLOT = [slots.c[name] for name in OwedSlot.__dataclass_fields__]


async def register(tx: Tx, digest: str, declared: str, timezone: str, now: datetime) -> None:
    """Begin a schedule seen for the first time; nothing before `now` is owed. Known ones stay as they are."""
    values = {"digest": digest, "declared": declared, "timezone": timezone, "looked_at": now}
    await tx.execute(insert_ignore(tx, schedules).values(values))


async def redeclare(tx: Tx, was: Standing, declared: str, timezone: str, looked_at: datetime) -> bool:
    """Take over what is declared now; False when somebody else changed the row since `was` was read."""
    values = {"declared": declared, "timezone": timezone, "revision": was.revision + 1, "looked_at": looked_at}
    return await _change(tx, was, values)


async def move_on(tx: Tx, was: Standing, looked_at: datetime, *, skips_used: int = 0) -> bool:
    """Say that slots up to `looked_at` are dealt with; False when somebody else did since `was` was read.

    Whoever gets True adds the slots, in the same transaction.
    """
    return await _change(tx, was, {"looked_at": looked_at, "skip_next": was.skip_next - skips_used})


async def tune(tx: Tx, was: Standing, spec: str | None, *, by: str, why: str, at: datetime) -> bool:
    """Let `spec` count instead of what is declared, or with None that again; False as for `move_on`.

    The start line stands at `at`: a change never fires backwards, and what the old one decided ahead is known by key.
    """
    tuned = {"tuned": spec, "tuned_by": by, "tuned_why": why, "tuned_at": at}
    return await _change(tx, was, {**tuned, "revision": was.revision + 1, "looked_at": at})


async def pause(tx: Tx, was: Standing, *, until: datetime | None) -> bool:
    """Let slots pass until then, or until somebody resumes it; False as for `move_on`."""
    return await _change(tx, was, {"paused": True, "paused_until": until, "revision": was.revision + 1})


async def resume(tx: Tx, was: Standing, at: datetime) -> bool:
    """End a pause; slots that it let pass stay so. False as for `move_on`."""
    values = {"paused": False, "paused_until": None, "revision": was.revision + 1}
    return await _change(tx, was, {**values, "looked_at": max(at, was.looked_at)})


async def leave_out(tx: Tx, was: Standing, count: int) -> bool:
    """Leave out the next `count` slots, none with 0; False as for `move_on`."""
    return await _change(tx, was, {"skip_next": count, "revision": was.revision + 1})


async def get(tx: Tx, digest: str) -> Standing | None:
    row = (await tx.execute(select(*_STANDING).where(schedules.c.digest == digest))).first()
    return Standing(**row._mapping) if row else None


async def listed(tx: Tx) -> tuple[Standing, ...]:
    """Every schedule, by slug, those of digests no longer declared included."""
    rows = (await tx.execute(select(*_STANDING).order_by(schedules.c.digest))).all()
    # Every look reads all of them: a mapping a row would cost more than the row.
    names = tuple(Standing.__dataclass_fields__)
    return tuple(Standing(**dict(zip(names, row, strict=True))) for row in rows)


async def add_slots(tx: Tx, digest: str, found: Sequence[tuple[Slot, SlotState, str]], now: datetime) -> None:
    """Write slots down with their states and notes; those whose key the digest already has stay as they are."""
    rows = [
        {"digest": digest, "key": slot.key, "at": slot.at, "seen_at": now, "state": state, "note": note}
        for slot, state, note in found
    ]
    if rows:
        await tx.execute(insert_ignore(tx, slots), rows)


async def unanswered_slots(tx: Tx, digests: Collection[str] | None = None) -> tuple[OwedSlot, ...]:
    """Slots that still want their edition, of all digests or of these, the oldest first."""
    query = select(*_SLOT).where(slots.c.state == SlotState.OWED).order_by(slots.c.at, slots.c.id)
    found = (_slot(row) for row in await tx.execute(query))
    return tuple(slot for slot in found if digests is None or slot.digest in digests)


async def given_up(tx: Tx, after: datetime) -> GivenUp:
    """The slots later than `after` whose edition, made ahead, was called off, or skipped for want of anything in it."""
    over = editions.c.status.in_((EditionStatus.SKIPPED, EditionStatus.CANCELLED))
    query = (
        select(slots.c.digest, slots.c.key, editions.c.status, editions.c.why)
        .join(editions, editions.c.id == slots.c.edition_id)
        .where(slots.c.state == SlotState.ANSWERED, slots.c.at > after, over)
    )
    return {(row.digest, row.key): f"{row.status}: {row.why}" for row in await tx.execute(query)}


async def answer_slot(
    tx: Tx,
    slot: OwedSlot,
    *,
    edition: int | None = None,
    state: SlotState = SlotState.ANSWERED,
    note: str = "",
) -> bool:
    """Settle an owed slot by its edition (the row's id) or by a state; False when it was settled already.

    Done before the edition is composed and in its transaction, it makes a second clock wait and then give way.
    """
    query = update(slots).where(slots.c.id == slot.id, slots.c.state == SlotState.OWED)
    values = {"state": state, "edition_id": edition, "note": note or slot.note}
    return bool((await tx.execute(query.values(values))).rowcount)


async def name_edition(tx: Tx, slot: OwedSlot, edition: int) -> None:
    """Record which edition answered a slot that was settled before the edition had a row."""
    await tx.execute(update(slots).where(slots.c.id == slot.id).values(edition_id=edition))


async def _change(tx: Tx, was: Standing, values: dict[str, object]) -> bool:
    query = update(schedules).where(
        schedules.c.digest == was.digest,
        schedules.c.revision == was.revision,
        schedules.c.looked_at == was.looked_at,
        schedules.c.skip_next == was.skip_next,
    )
    return bool((await tx.execute(query.values(values))).rowcount)


def _slot(row: Row[Any]) -> OwedSlot:
    return OwedSlot(**{**row._mapping, "state": SlotState(row.state)})
