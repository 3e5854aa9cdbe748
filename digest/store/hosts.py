"""Hosts that asked us to stay away, whatever source or picture we came for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from digest.store.database import Tx, upsert
from digest.store.schema import hosts


async def held(tx: Tx, now: datetime) -> dict[str, datetime]:
    """Host -> until when."""
    rows = await tx.execute(select(hosts.c.host, hosts.c.hold_until).where(hosts.c.hold_until > now))
    return {row.host: row.hold_until for row in rows}


async def hold(tx: Tx, until: Mapping[str, datetime], *, now: datetime) -> None:
    """Stay away from these hosts, and forget whose time is over."""
    await tx.execute(hosts.delete().where(hosts.c.hold_until <= now))
    for host, moment in until.items():
        await tx.execute(upsert(tx, hosts, {"host": host[:255], "hold_until": moment}, key=("host",)))
