"""Slots that are settled, and whether the dead man's address has heard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update

from digest.model.editions import EditionStatus
from digest.store.database import Tx
from digest.store.schedules import SlotState
from digest.store.schema import editions, slots

_OVER = (EditionStatus.SENT, EditionStatus.SKIPPED, EditionStatus.CANCELLED)


async def settled(tx: Tx, digest: str) -> tuple[int, ...]:
    """Slots of a digest that nobody was told of: their edition is over, or somebody let them go."""
    c = slots.c
    over = or_(c.edition_id.is_(None), editions.c.status.in_(_OVER))
    done = or_(c.state == SlotState.SKIPPED, (c.state == SlotState.ANSWERED) & over)
    query = select(c.id).select_from(slots.outerjoin(editions, editions.c.id == c.edition_id))
    query = query.where(c.digest == digest, c.pinged_at.is_(None), done).order_by(c.id)
    return tuple((await tx.execute(query)).scalars())


async def told(tx: Tx, ids: Sequence[int], at: datetime) -> None:
    """The address has heard of these."""
    for each in ids:
        await tx.execute(update(slots).where(slots.c.id == each).values(pinged_at=at))
