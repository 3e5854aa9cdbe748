"""Who changed what, when and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from digest.store.database import Tx
from digest.store.schema import audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the audit; `subject` is a slug, a label or a handle, never an address."""

    at: datetime
    who: str
    action: str
    subject: str
    was: str
    became: str
    why: str


async def add(
    tx: Tx, *, at: datetime, who: str, action: str, subject: str = "", was: str = "", became: str = "", why: str = ""
) -> None:
    """Write one line, in the transaction of the change itself."""
    values = {"at": at, "who": who, "action": action, "subject": subject, "was": was, "became": became, "why": why}
    await tx.execute(insert(audit).values(values))


async def listed(tx: Tx, subject: str | None = None) -> tuple[Entry, ...]:
    """Lines about `subject`, or all, the newest first."""
    columns = [audit.c[name] for name in Entry.__dataclass_fields__]
    query = select(*columns).order_by(audit.c.id.desc())
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    return tuple(Entry(**row._mapping) for row in await tx.execute(query))


async def moments(
    tx: Tx, action: str, *, since: datetime, until: datetime | None = None, who: str | None = None
) -> tuple[datetime, ...]:
    """When an action was done, within a window."""
    query = select(audit.c.at).where(audit.c.action == action, audit.c.at >= since)
    if until is not None:
        query = query.where(audit.c.at < until)
    if who is not None:
        query = query.where(audit.c.who == who)
    return tuple((await tx.execute(query)).scalars())
