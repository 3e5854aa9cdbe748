"""Holding back what a restored store believes to be owed: it may have gone out since."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from digest.model.deliveries import DeliveryState, NoteState
from digest.store import mailings, shards
from digest.store.database import Tx
from digest.store.schema import deliveries
from digest.store.schema import notes as singles


async def doubts(tx: Tx, now: datetime) -> None:
    """Resend no doubt by itself any more."""
    uncertain = deliveries.c.state == DeliveryState.UNCERTAIN
    for mailing in await mailings.with_leftovers(tx):
        mine = (deliveries.c.mailing_id == mailing) & uncertain
        await tx.execute(update(deliveries).where(mine).values(at=shards.HELD))
        for shard in await shards.of(tx, mailing):
            await shards.recount(tx, shard, now)


async def notes(tx: Tx) -> int:
    """Call the notes that are owed uncertain, which are never sent by themselves; how many."""
    open_ = singles.c.state.in_((NoteState.OWED, NoteState.SENDING))
    values = {"state": NoteState.UNCERTAIN, "last_reply": "restored: it may have been sent", "leased_until": None}
    return (await tx.execute(update(singles).where(open_).values(**values))).rowcount
