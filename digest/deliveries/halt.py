"""A mailing that stands still: its edition goes along, and somebody hears why."""

from __future__ import annotations

from datetime import datetime

from digest.deliveries.context import Context
from digest.deliveries.incident import Incident
from digest.model.deliveries import RUNNING, MailingStatus, millis
from digest.store import editions, leftovers, mailings
from digest.store.database import Tx
from digest.store.mailings import MailingRow


async def halt(context: Context, tx: Tx, mailing: int, why: str, now: datetime) -> None:
    """Pause a mailing that runs until a person says go; nothing is lost, and nobody is suppressed."""
    if not await mailings.move(tx, mailing, old=RUNNING, new=MailingStatus.PAUSED, now=now, why=why):
        return
    row = await mailings.get(tx, mailing)
    await context.moved(tx, row)
    edition = await editions.get(tx, row.edition_id)
    go = f"digest editions resume {edition.digest} {edition.label}"
    await tell(
        context,
        tx,
        row,
        key=f"paused:{mailing}:{millis(now)}",
        title="A mailing stands still",
        lines=(f"{why[:1].upper()}{why[1:]}", f"What is still owed stays owed until somebody says go: {go}"),
    )


async def let_go(tx: Tx, mailing: int, now: datetime) -> None:
    """Withdraw what comes back to a mailing that was cancelled while it was on its way."""
    if (await mailings.get(tx, mailing)).status is MailingStatus.CANCELLED:
        await leftovers.withdraw(tx, mailing, now)


async def tell(context: Context, tx: Tx, mailing: MailingRow, *, key: str, title: str, lines: tuple[str, ...]) -> None:
    """Let operators know about a mailing, once for the key."""
    digest = context.digests.get(mailing.digest)
    sender = digest.sender if digest else ""
    await context.alert(tx, Incident(key=key, title=title, lines=lines, edition_id=mailing.edition_id, sender=sender))
