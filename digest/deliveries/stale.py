"""A mailing that has got nowhere for days: what was news then may be none now, so a person decides."""

from __future__ import annotations

from datetime import datetime

from digest.deliveries.context import Context
from digest.deliveries.halt import halt
from digest.store import mailings
from digest.store.database import Tx
from digest.store.mailings import MailingRow


async def hold_stale(context: Context) -> None:
    """Pause every mailing that is due and has got nowhere for its digest's `stale_after`, whether a relay is up or not.

    Nothing of it is lost; `resume` goes on, and gives it as long again.
    """
    if not context.digests:
        return
    now = context.clock()
    shortest = min(digest.stale_after for digest in context.digests.values())
    async with context.store.read() as tx:
        idle = await mailings.idle(tx, now, since=now - shortest)
    for mailing in idle:
        async with context.store.write() as tx:
            await hold(context, tx, await mailings.get(tx, mailing), now)


async def hold(context: Context, tx: Tx, mailing: MailingRow, now: datetime) -> bool:
    """Pause this one if it is stale; whether it is. Ask before sending any of it."""
    digest = context.digests.get(mailing.digest)
    if digest is None or now - mailing.active_at < digest.stale_after:
        return False
    await halt(context, tx, mailing.id, f"nothing of it got anywhere since {mailing.active_at:%Y-%m-%d %H:%M} UTC", now)
    return True
