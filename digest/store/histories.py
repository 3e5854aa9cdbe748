"""One person's letters: each edition that was for them, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select

from digest.model.deliveries import DeliveryState, moment
from digest.store.database import Tx
from digest.store.schema import bounces, deliveries, delivery_events, editions, mailings
from digest.store.shards import HELD


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter to one person; `said` is the relay's word where it was no acceptance, `came_back` how it bounced."""

    mailing: int
    digest: str
    edition: str
    edition_id: int
    revision: int
    key_id: str
    sealed_at: datetime
    outcome: str
    at: datetime | None
    said: str
    came_back: str


async def of(tx: Tx, subscriber: int) -> tuple[Letter, ...]:
    """Every letter that was owed to somebody, the newest first."""
    mine = and_(deliveries.c.mailing_id == mailings.c.id, deliveries.c.subscriber_id == subscriber)
    query = (
        select(
            mailings.c.id.label("mailing"),
            mailings.c.digest,
            editions.c.label.label("edition"),
            mailings.c.edition_id,
            mailings.c.revision,
            mailings.c.key_id,
            mailings.c.created_at,
            deliveries.c.state,
            deliveries.c.at,
        )
        .select_from(mailings.join(editions, editions.c.id == mailings.c.edition_id).join(deliveries, mine))
        .order_by(mailings.c.id.desc())
    )
    said, back = await _said(tx, subscriber), await _came_back(tx, subscriber)
    return tuple(
        Letter(
            mailing=row.mailing,
            digest=row.digest,
            edition=row.edition,
            edition_id=row.edition_id,
            revision=row.revision,
            key_id=row.key_id,
            sealed_at=row.created_at,
            outcome=DeliveryState(row.state).name.lower(),
            at=moment(row.at) if row.at < HELD else None,
            said=said.get(row.mailing, ""),
            came_back=back.get(row.mailing, ""),
        )
        for row in (await tx.execute(query)).all()
    )


async def _said(tx: Tx, subscriber: int) -> dict[int, str]:
    events = delivery_events.c
    query = select(events.mailing_id, events.code, events.text).where(events.subscriber_id == subscriber)
    return {
        row.mailing_id: f"{row.code or ''} {row.text}".strip() for row in await tx.execute(query.order_by(events.id))
    }


async def _came_back(tx: Tx, subscriber: int) -> dict[int, str]:
    kind = bounces.c["class"].label("kind")
    query = select(bounces.c.mailing_id, kind).where(bounces.c.subscriber_id == subscriber).order_by(bounces.c.id)
    return {row.mailing_id: row.kind for row in await tx.execute(query)}
