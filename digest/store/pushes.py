"""Signatures of what was pushed to us lately: none is taken twice."""

from __future__ import annotations

from datetime import datetime

from digest.store.database import Tx, insert_ignore
from digest.store.schema import pushes


async def take(tx: Tx, mac: str, *, at: datetime, forget: datetime) -> bool:
    """Note a signature; False when it was taken before. Those from before `forget` are past their time anyway."""
    await tx.execute(pushes.delete().where(pushes.c.at < forget))
    # The row itself says so: how many rows an INSERT wrote, PostgreSQL's driver does not tell.
    done = await tx.execute(insert_ignore(tx, pushes).values(mac=mac, at=at).returning(pushes.c.mac))
    return done.first() is not None


async def give_back(tx: Tx, mac: str) -> None:
    """What it signed could not be kept after all: it may come again."""
    await tx.execute(pushes.delete().where(pushes.c.mac == mac))
