"""What an operator does to an edition under way: cancel, pause, resume; each is in the audit."""

from __future__ import annotations

from digest.deliveries import flow as deliveries
from digest.editions import flow
from digest.errors import EditionError, UsageError
from digest.model.editions import Edition, EditionStatus
from digest.service.house import House, now
from digest.service.reading import labelled
from digest.store import audit, editions, mailings
from digest.store.database import Tx


async def act(house: House, what: str, slug: str, label: str, why: str, *, by: str) -> Edition:
    """Do one of cancel, pause, resume; EditionError when it cannot be done now. `by` is who, for the audit."""
    house.digest(slug)
    async with house.store.write() as tx:
        edition = await labelled(tx, slug, label)
        changed = await _step(tx, what, edition, why)
        was, became = edition.status.value, changed.status.value
        subject = f"{slug} {label}"
        await audit.add(tx, at=now(), who=by, action=what, subject=subject, was=was, became=became, why=why)
    return changed


async def _step(tx: Tx, what: str, edition: Edition, why: str) -> Edition:
    owed = await mailings.of_edition(tx, edition.id)
    if what == "cancel":
        mailed = await mailings.may_be_out(tx, edition.id)
        for mailing in owed:
            await deliveries.cancel(tx, mailing.id, why=why, now=now())
        return await flow.cancel(tx, edition, now=now(), why=why, mailed=mailed)
    if not owed:
        raise EditionError(f"is {edition.status}: it has no mailing yet", about=f"{edition.digest} {edition.label}")
    if what == "pause":
        paused = [await deliveries.pause(tx, mailing.id, why=why, now=now()) for mailing in owed]
        if edition.status is EditionStatus.SENT and any(paused):
            # Its correction's note still goes out.
            return edition
        if edition.status is EditionStatus.SEALED:
            # In its grace: nothing has gone, and nothing will until somebody says go.
            edition = await editions.move(tx, edition, EditionStatus.SENDING, now=now())
        return await editions.move(tx, edition, EditionStatus.PAUSED, now=now(), why=why)
    if what == "resume":
        resumed = [await deliveries.resume(tx, mailing.id, now=now()) for mailing in owed]
        if edition.status is EditionStatus.SENT and any(resumed):
            return edition
        return await editions.move(tx, edition, EditionStatus.SENDING, now=now())
    raise UsageError("is nothing to do to an edition", about=what)
