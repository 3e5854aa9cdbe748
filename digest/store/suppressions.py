"""Addresses we must not write to, and why; the subscriber's `suppressed` mirrors them in the same transaction.

The key is a keyed hash under a pepper that is made once and never rotates, so that an erased address stays
suppressed though nobody can read it any more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import ColumnElement, delete, insert, or_, select, update

from digest.model.subscribers import SuppressionReason
from digest.store import database, diary
from digest.store.database import Tx, upsert
from digest.store.instance import PEPPER, made_pepper
from digest.store.schema import instance, subscribers, suppressions


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """`email` is the normalised address, empty once it was erased; `source` says who or what brought it."""

    email: str
    reason: SuppressionReason
    source: str
    at: datetime


async def add(tx: Tx, email_norm: str, reason: SuppressionReason, *, source: str, now: datetime) -> None:
    """Suppress an address; a later reason replaces the earlier one, except that an erasure stays."""
    key = await key_of(tx, email_norm)
    if reason is not SuppressionReason.ERASED and await _reason(tx, key) is SuppressionReason.ERASED:
        return
    kept = "" if reason is SuppressionReason.ERASED else email_norm
    values = {"fingerprint": key, "email": kept, "reason": reason, "source": source, "at": now}
    await tx.execute(upsert(tx, suppressions, values, key=["fingerprint"]))
    await _mirror(tx, email_norm, suppressed=True)
    diary.write(tx, diary.SUPPRESSED, now, key=key, reason=reason)


async def remove(tx: Tx, email_norm: str) -> bool:
    """Lift a suppression; False when there was none."""
    pepper = await _pepper(tx)
    if pepper is None:
        return False
    key = _fingerprint(pepper, email_norm)
    gone = await tx.execute(delete(suppressions).where(suppressions.c.fingerprint == key))
    await _mirror(tx, email_norm, suppressed=False)
    diary.write(tx, diary.LIFTED, key=key)
    return bool(gone.rowcount)


async def repeat(tx: Tx, key: str, reason: SuppressionReason | None, at: datetime) -> None:
    """Suppress, or with None no longer, whomever the diary names by `key`; afterwards `mirror_all`."""
    await tx.execute(delete(suppressions).where(suppressions.c.fingerprint == key))
    if reason is not None:
        values = {"fingerprint": key, "reason": reason, "source": "told again after a restore", "at": at}
        await tx.execute(insert(suppressions).values(values))


async def mirror_all(tx: Tx) -> None:
    """Make each subscriber's `suppressed` say what the suppressions say."""
    pepper, keys = await _pepper(tx), set((await tx.execute(select(suppressions.c.fingerprint))).scalars())
    if pepper is None:
        return
    people = await tx.execute(select(subscribers.c.id, subscribers.c.email_norm, subscribers.c.suppressed))
    for row in people.all():
        if (held := _fingerprint(pepper, row.email_norm) in keys) != row.suppressed:
            await tx.execute(update(subscribers).where(subscribers.c.id == row.id).values(suppressed=held))


async def listed(
    tx: Tx,
    *,
    limit: int | None = None,
    reason: SuppressionReason | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    domain: str = "",
) -> tuple[Suppression, ...]:
    """Suppressions, the newest first: all, or those of a reason, a window of time, a domain of the addresses."""
    columns = [suppressions.c[name] for name in Suppression.__dataclass_fields__]
    query = select(*columns).order_by(suppressions.c.at.desc(), suppressions.c.id.desc()).limit(limit)
    if reason is not None:
        query = query.where(suppressions.c.reason == reason)
    if since is not None:
        query = query.where(suppressions.c.at >= since)
    if until is not None:
        query = query.where(suppressions.c.at < until)
    if domain:
        query = query.where(suppressions.c.email.endswith(f"@{domain}", autoescape=True))
    return tuple(
        Suppression(email=row.email, reason=SuppressionReason(row.reason), source=row.source, at=row.at)
        for row in await tx.execute(query)
    )


async def is_suppressed(tx: Tx, email_norm: str) -> bool:
    return bool(await among(tx, [email_norm]))


async def among(tx: Tx, emails: Collection[str]) -> frozenset[str]:
    """Those of the normalised addresses that are suppressed; at most some thousands at once."""
    pepper = await _pepper(tx)
    if pepper is None or not emails:
        return frozenset()
    keys = {email: _fingerprint(pepper, email) for email in emails}
    query = select(suppressions.c.fingerprint).where(database.among(tx.dialect.name, suppressions.c.fingerprint))
    held = set((await tx.execute(query, database.many_words(tx, set(keys.values())))).scalars())
    return frozenset(email for email, key in keys.items() if key in held)


async def key_of(tx: Tx, email_norm: str) -> str:
    """What stands for an address where the address itself must not."""
    return _fingerprint(await made_pepper(tx), email_norm)


async def fingerprints(tx: Tx, emails: Collection[str]) -> dict[str, str]:
    """The keyed hash of each address; empty while there is no pepper."""
    pepper = await _pepper(tx)
    return {} if pepper is None else {email: _fingerprint(pepper, email) for email in emails}


def is_spelt(email_norm: str) -> ColumnElement[bool]:
    """That a subscriber's address is this one, in whatever case."""
    return or_(*(column == email_norm.lower() for column in (subscribers.c.email_norm, subscribers.c.email_lower)))


async def _mirror(tx: Tx, email_norm: str, *, suppressed: bool) -> None:
    await tx.execute(update(subscribers).where(is_spelt(email_norm)).values(suppressed=suppressed))


async def reason_of(tx: Tx, email_norm: str) -> SuppressionReason | None:
    """Why an address is suppressed; None when it is not."""
    pepper = await _pepper(tx)
    return None if pepper is None else await _reason(tx, _fingerprint(pepper, email_norm))


async def _reason(tx: Tx, key: str) -> SuppressionReason | None:
    query = select(suppressions.c.reason).where(suppressions.c.fingerprint == key)
    found = (await tx.execute(query)).scalar_one_or_none()
    return None if found is None else SuppressionReason(found)


async def _pepper(tx: Tx) -> str | None:
    query = select(instance.c.value).where(instance.c.name == PEPPER)
    return (await tx.execute(query)).scalar_one_or_none()


def _fingerprint(pepper: str, email_norm: str) -> str:
    """The same for `Ada@` and `ada@`: whoever must not be written to is not, however a list spells them."""
    return blake2b(
        email_norm.lower().encode(), key=bytes.fromhex(pepper), digest_size=32, person=b"suppression"
    ).hexdigest()
