"""What followed on an edition: what came back of it, who left and who joined meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from digest.model.editions import Edition, EditionStatus
from digest.model.subscribers import SubscriptionState
from digest.store import editions
from digest.store.database import Tx
from digest.store.schema import bounces, subscriptions
from digest.store.schema import editions as _editions

_B, _S = bounces.c, subscriptions.c


async def came_back(tx: Tx, mailings: Sequence[int], until: datetime) -> dict[str, int]:
    """Class of what came back of these mailings until then → how many."""
    query = select(_B["class"], func.count()).where(_B.mailing_id.in_(mailings), _B.at <= until).group_by(_B["class"])
    return {str(kind): int(count) for kind, count in await tx.execute(query)}


async def left(tx: Tx, digest: str, since: datetime, until: datetime) -> int:
    """How many are off a digest since then."""
    gone = (_S.state == SubscriptionState.UNSUBSCRIBED) & _S.changed_at.between(since, until)
    return await _many(tx, (_S.digest == digest) & gone)


async def joined(tx: Tx, digest: str, since: datetime, until: datetime) -> int:
    """How many are on a digest since then."""
    new = (_S.state == SubscriptionState.CONFIRMED) & _S.confirmed_at.between(since, until)
    return await _many(tx, (_S.digest == digest) & new)


async def sent_between(tx: Tx, since: datetime, until: datetime) -> tuple[Edition, ...]:
    """Editions whose last letter was settled between then and then, the oldest first."""
    c = _editions.c
    query = select(c.id).where(c.status == EditionStatus.SENT, c.sent_at.between(since, until)).order_by(c.id)
    return tuple([await editions.get(tx, each) for each in (await tx.execute(query)).scalars()])


async def _many(tx: Tx, where: ColumnElement[bool]) -> int:
    return int((await tx.execute(select(func.count()).select_from(subscriptions).where(where))).scalar_one())
