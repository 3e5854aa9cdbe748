"""Taking everything about a person out of the ledger; what is left of the row says nothing of anybody.

The row itself stays, without address, name or handle: its number stands in deliveries, and a number that the
database gave to somebody else would give them the other's history.
"""

from __future__ import annotations

from sqlalchemy import delete, or_, select, update

from digest.model.subscribers import SuppressionReason
from digest.store import attributes, suppressions
from digest.store.database import Tx
from digest.store.schema import address_changes, audit, bounces, delivery_events, notes, subscribers, subscriptions
from digest.store.schema import suppressions as suppressed


async def erase(tx: Tx, email_norm: str, *, email: str = "", blank: str) -> bool:
    """Clear whoever has an address, also as typed; `blank` is a new handle. False when nobody had it."""
    query = select(subscribers.c.id, subscribers.c.handle, subscribers.c.email)
    found = (await tx.execute(query.where(subscribers.c.email_norm == email_norm))).one_or_none()
    spelled = {email_norm, email or email_norm, found.email if found else email_norm}
    number = found.id if found else -1
    await tx.execute(delete(bounces).where(or_(bounces.c.subscriber_id == number, bounces.c.address.in_(spelled))))
    spelled |= await _moved(tx, number, spelled)
    await tx.execute(delete(notes).where(or_(notes.c.subscriber_id == number, notes.c.address.in_(spelled))))
    if found is None:
        return False
    await tx.execute(delete(delivery_events).where(delivery_events.c.subscriber_id == number))
    await tx.execute(delete(audit).where(audit.c.subject == found.handle))
    await empty(tx, number, blank=blank)
    return True


async def _moved(tx: Tx, number: int, spelled: set[str]) -> set[str]:
    """Forget the changes of their address, and which addresses stood in them."""
    names = ("email", "email_norm", "was_email", "was_norm")
    columns = [address_changes.c[name] for name in names]
    theirs = or_(address_changes.c.subscriber_id == number, *(column.in_(spelled) for column in columns))
    gone = await tx.execute(delete(address_changes).where(theirs).returning(*columns))
    return {each for row in gone for each in row}


async def empty(tx: Tx, subscriber: int, *, blank: str) -> None:
    """Take the address and all that goes with it from a row, which stays."""
    await tx.execute(delete(subscriptions).where(subscriptions.c.subscriber_id == subscriber))
    await attributes.clear(tx, subscriber)
    nobody = {"handle": blank, "email": "", "email_norm": f"erased:{blank}", "suppressed": True, "text_only": False}
    nobody |= dict.fromkeys(("name", "language", "zone"), "")
    await tx.execute(update(subscribers).where(subscribers.c.id == subscriber).values(nobody))


async def returned(tx: Tx) -> tuple[str, ...]:
    """Normalised addresses that were erased and are there again, since an older store came back."""
    query = select(suppressed.c.fingerprint).where(suppressed.c.reason == SuppressionReason.ERASED)
    erased = set((await tx.execute(query)).scalars())
    if not erased:
        return ()
    people = (await tx.execute(select(subscribers.c.email_norm).where(subscribers.c.suppressed))).scalars().all()
    keys = await suppressions.fingerprints(tx, people)
    return tuple(email for email, key in keys.items() if key in erased)
