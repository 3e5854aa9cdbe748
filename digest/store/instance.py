"""Which store this is: its id, a counter that only rises, and whether it must not send."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import Integer, cast, delete, select, update

from digest.store.database import Tx, insert_ignore, upsert
from digest.store.schema import instance

PEPPER = "pepper"
"""Under which suppressed addresses are hashed: made once, carried by every copy, and never rotated."""
_ID, _COUNT, _QUARANTINE, _REHEARSED = "id", "count", "quarantine", "rehearsed"


@dataclass(frozen=True, slots=True)
class Identity:
    """What its witness, outside the store, is held against."""

    id: str
    count: int


async def identity(tx: Tx) -> Identity | None:
    """None for a store that has just been made."""
    rows = await tx.execute(select(instance.c.name, instance.c.value).where(instance.c.name.in_((_ID, _COUNT))))
    found = {row.name: row.value for row in rows}
    return Identity(found[_ID], int(found[_COUNT])) if len(found) == 2 else None


async def begin(tx: Tx) -> Identity:
    """Give a new store its id and its pepper; whoever is first gives them."""
    await made_pepper(tx)
    for name, value in ((_ID, secrets.token_hex(16)), (_COUNT, "1")):
        await tx.execute(insert_ignore(tx, instance).values(name=name, value=value))
    found = await identity(tx)
    assert found is not None  # noqa: S101 - just written, by us or by whoever won
    return found


async def made_pepper(tx: Tx) -> str:
    """The pepper; made at once, so that a backup never has another than what was noted since in the diary."""
    await tx.execute(insert_ignore(tx, instance).values(name=PEPPER, value=secrets.token_hex(32)))
    found: str = (await tx.execute(select(instance.c.value).where(instance.c.name == PEPPER))).scalar_one()
    return found


async def count_on(tx: Tx) -> Identity | None:
    """Raise the counter: at each start of a process, and with each edition that is sealed."""
    raised = cast(cast(instance.c.value, Integer) + 1, instance.c.value.type)
    await tx.execute(update(instance).where(instance.c.name == _COUNT).values(value=raised))
    return await identity(tx)


async def quarantine(tx: Tx) -> str:
    """Why this store sends nothing; "" when it may."""
    query = select(instance.c.value).where(instance.c.name == _QUARANTINE)
    return (await tx.execute(query)).scalar_one_or_none() or ""


async def hold(tx: Tx, why: str) -> None:
    """Send nothing from now on, until somebody claims this store."""
    await tx.execute(upsert(tx, instance, {"name": _QUARANTINE, "value": why}, key=("name",)))


async def rehearsed(tx: Tx) -> bool:
    """Whether its mails went to one address."""
    return (await tx.execute(select(instance.c.name).where(instance.c.name == _REHEARSED))).first() is not None


async def rehearse(tx: Tx, *, over: bool = False) -> None:
    """Remember that, or with `over` no more."""
    if over:
        await tx.execute(delete(instance).where(instance.c.name == _REHEARSED))
    else:
        await tx.execute(insert_ignore(tx, instance).values(name=_REHEARSED, value="yes"))


async def claim(tx: Tx) -> Identity:
    """A new id, under which this store may send; the one it was copied from no longer matches any witness."""
    await tx.execute(delete(instance).where(instance.c.name.in_((_ID, _COUNT, _QUARANTINE))))
    return await begin(tx)
