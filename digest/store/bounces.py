"""What came back: each bounce once, whose letter it was where a valid token said so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from digest.model.deliveries import DeliveryState
from digest.store.database import Tx, insert_ignore
from digest.store.schema import bounces, deliveries, editions, mailings, subscribers

_B = bounces.c
_LOOKED_AT = 12
"""Mailings looked back at for three editions in a row: an edition may have been corrected several times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """As operators see it; `matched` when a valid token said whose letter it was."""

    at: datetime
    email: str
    kind: str
    status: str
    said: str
    source: str
    digest: str
    edition: str
    matched: bool


async def add(
    tx: Tx,
    *,
    kind: str,
    dedupe_key: str,
    now: datetime,
    subscriber: int | None = None,
    mailing: int | None = None,
    status: str = "",
    said: str = "",
    address: str = "",
    source: str = "",
) -> bool:
    """Write one down; False when it is known already."""
    values: dict[str, object] = {"subscriber_id": subscriber, "mailing_id": mailing, "class": kind, "status": status}
    values |= {"diagnostic": said[:500], "address": address, "source": source, "dedupe_key": dedupe_key, "at": now}
    row = await tx.execute(insert_ignore(tx, bounces).values(values).returning(_B.id))
    return row.scalar_one_or_none() is not None


async def listed(tx: Tx, *, unmatched: bool = False, limit: int | None = None) -> tuple[Bounce, ...]:
    """What came back, the newest first; with `unmatched` only what nobody's token vouches for."""
    joined = (
        bounces.outerjoin(subscribers, subscribers.c.id == _B.subscriber_id)
        .outerjoin(mailings, mailings.c.id == _B.mailing_id)
        .outerjoin(editions, editions.c.id == mailings.c.edition_id)
    )
    query = select(
        _B.at,
        func.coalesce(subscribers.c.email, _B.address).label("email"),
        _B["class"].label("kind"),
        _B.status,
        _B.diagnostic.label("said"),
        _B.source,
        func.coalesce(mailings.c.digest, "").label("digest"),
        func.coalesce(editions.c.label, "").label("edition"),
        _B.subscriber_id.is_not(None).label("matched"),
    )
    query = query.select_from(joined).order_by(_B.id.desc()).limit(limit)
    if unmatched:
        query = query.where(_B.subscriber_id.is_(None))
    rows = (await tx.execute(query)).mappings()
    return tuple(Bounce(**{**row, "matched": bool(row["matched"])}) for row in rows)


async def in_a_row(tx: Tx, subscriber: int, mailing: int, *, kind: str, many: int) -> bool:
    """Whether the last `many` editions a relay accepted for somebody, up to a mailing, all came back as `kind`."""
    sent = (
        select(mailings.c.edition_id, mailings.c.id)
        .join(deliveries, deliveries.c.mailing_id == mailings.c.id)
        .where(
            mailings.c.id <= mailing,
            deliveries.c.subscriber_id == subscriber,
            deliveries.c.state == DeliveryState.ACCEPTED,
        )
        .order_by(mailings.c.id.desc())
        .limit(_LOOKED_AT)
    )
    accepted = (await tx.execute(sent)).all()
    latest = list(dict.fromkeys(row.edition_id for row in accepted))[:many]
    counted = (
        select(mailings.c.edition_id)
        .join(bounces, _B.mailing_id == mailings.c.id)
        .where(_B.subscriber_id == subscriber, _B["class"] == kind)
    )
    bounced = set((await tx.execute(counted)).scalars())
    return len(latest) == many and bounced.issuperset(latest)


async def counted(tx: Tx, mailing: int, kind: str) -> int:
    """How many letters of a mailing came back as `kind`."""
    query = select(func.count()).where(_B.mailing_id == mailing, _B["class"] == kind)
    return int((await tx.execute(query)).scalar_one())
