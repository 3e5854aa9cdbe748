"""What is left of a mailing: hurried, kept until somebody asks, or given up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import null, update

from digest.model.deliveries import DeliveryState, millis
from digest.store.database import Tx
from digest.store.schema import deliveries, shards
from digest.store.shards import HELD

_C = deliveries.c


async def hurry(tx: Tx, mailing: int, now: datetime, *, uncertain: bool = False) -> int:
    """Make deferred deliveries due now, with `uncertain` the doubts instead; how many that are."""
    state = DeliveryState.UNCERTAIN if uncertain else DeliveryState.DEFERRED
    chosen = (_C.mailing_id == mailing) & (_C.state == state)
    found = await tx.execute(update(deliveries).where(chosen).values(at=millis(now)))
    counter = shards.c.uncertain if uncertain else shards.c.deferred
    counted = (shards.c.mailing_id == mailing) & (counter > 0)
    await tx.execute(update(shards).where(counted).values(next_due=millis(now)))
    return found.rowcount


async def hold(tx: Tx, mailing: int) -> None:
    """Keep every doubt of a mailing that is over, also what somebody has just made due."""
    mine = (_C.mailing_id == mailing) & (_C.state == DeliveryState.UNCERTAIN)
    await tx.execute(update(deliveries).where(mine).values(at=HELD))
    counted = (shards.c.mailing_id == mailing) & (shards.c.uncertain > 0)
    await tx.execute(update(shards).where(counted).values(next_due=null()))


async def withdraw(tx: Tx, mailing: int, now: datetime) -> int:
    """Give up what is still owed of a mailing; what is on its way this second ends by itself."""
    owed = (_C.mailing_id == mailing) & _C.state.in_((DeliveryState.OWED, DeliveryState.DEFERRED))
    values = {"state": int(DeliveryState.WITHDRAWN), "at": millis(now)}
    return (await tx.execute(update(deliveries).where(owed).values(**values))).rowcount
