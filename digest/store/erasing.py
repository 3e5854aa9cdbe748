"""Taking everything about a person out of the ledger; what is left of the row says nothing of anybody.

The row itself stays, without address, name or handle: its number stands in deliveries, and a number that the
database gave to somebody else would give them the other's history.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from digest.model.subscribers import SuppressionReason
from digest.store import attributes, suppressions
from digest.store.database import Tx
from digest.store.schema import address_changes, audit, bounces, delivery_events, notes, subscribers, subscriptions
from digest.store.schema import suppressions as suppressed


async def erase(tx: Tx, email_norm: str, *, email: str = "", blank: Callable[[], str]) -> bool:
    """Clear whoever has an address, in whatever case and as typed; `blank` makes new handles. False for nobody's."""
    query = select(subscribers.c.id, subscribers.c.handle, subscribers.c.email, subscribers.c.email_norm)
    found = (await tx.execute(query.where(suppressions.is_spelt(email_norm)))).all()
    ids = [each.id for each in found]
    spelt = {email_norm, email or email_norm, *(name for each in found for name in (each.email, each.email_norm))}
    await _unsay(tx, ids, spelt)
    spelt |= await _moved(tx, ids, spelt)
    await tx.execute(delete(notes).where(or_(notes.c.subscriber_id.in_(ids), _is(notes.c.address, spelt))))
    await tx.execute(update(suppressed).where(_is(suppressed.c.email, spelt)).values(email=""))
    await tx.execute(delete(delivery_events).where(delivery_events.c.subscriber_id.in_(ids)))
    await tx.execute(delete(audit).where(audit.c.subject.in_([each.handle for each in found])))
    for number in ids:
        await empty(tx, number, blank=blank())
    return bool(found)


def _is(column: ColumnElement[str], spelt: Collection[str]) -> ColumnElement[bool]:
    """That it is one of them: mail systems write an address in whatever case."""
    return or_(column.in_(spelt), func.lower(column).in_([each.lower() for each in spelt]))


async def _unsay(tx: Tx, ids: Collection[int], spelt: Collection[str]) -> None:
    """Forget what came back from them, and where others' bounces name them in their words, the words."""
    await tx.execute(delete(bounces).where(or_(bounces.c.subscriber_id.in_(ids), _is(bounces.c.address, spelt))))
    words = func.lower(bounces.c.diagnostic)
    named = or_(*(words.contains(each.lower(), autoescape=True) for each in spelt))
    await tx.execute(update(bounces).where(named).values(diagnostic=""))


async def _moved(tx: Tx, ids: Collection[int], spelt: Collection[str]) -> set[str]:
    """Forget the changes of their address, and others' to it; the addresses that were theirs."""
    columns = [address_changes.c[name] for name in ("email", "email_norm", "was_email", "was_norm")]
    theirs = or_(address_changes.c.subscriber_id.in_(ids), *(_is(column, spelt) for column in columns))
    gone = await tx.execute(delete(address_changes).where(theirs).returning(address_changes.c.subscriber_id, *columns))
    return {each for number, *addresses in gone if number in ids for each in addresses}


async def empty(tx: Tx, subscriber: int, *, blank: str) -> None:
    """Take the address and all that goes with it from a row, which stays."""
    await tx.execute(delete(subscriptions).where(subscriptions.c.subscriber_id == subscriber))
    await attributes.clear(tx, subscriber)
    nobody: dict[str, object] = {"handle": blank, "email": "", "email_norm": f"erased:{blank}", "email_lower": None}
    nobody |= {"suppressed": True, "text_only": False}
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
