"""Who left a digest and is not known for it here, since an older store came back: kept for imports to ask."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from digest.store import database, suppressions
from digest.store.database import Tx, insert_ignore
from digest.store.schema import departures

_D = departures.c


async def add(tx: Tx, key: str, digest: str, at: datetime) -> None:
    """Note it by the keyed hash of the address, as the diary does; once."""
    await tx.execute(insert_ignore(tx, departures).values(fingerprint=key, digest=digest, at=at))


async def among(tx: Tx, digest: str, emails: Collection[str]) -> dict[str, datetime]:
    """Who of the normalised addresses left it so, and when, in whatever case; at most some thousands at once."""
    keys = await suppressions.fingerprints(tx, emails)
    theirs = database.among(tx.dialect.name, _D.fingerprint)
    query = select(_D.fingerprint, _D.at).where(_D.digest == digest, theirs)
    left = {row.fingerprint: row.at for row in await tx.execute(query, database.many_words(tx, set(keys.values())))}
    return {email: left[key] for email, key in keys.items() if key in left}
