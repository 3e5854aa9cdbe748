"""What an operator's list says of people besides their address, and segments by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select

from digest.model.subscribers import Segment
from digest.store.database import Tx, upsert_many
from digest.store.schema import attributes, subscribers, subscriptions

_A = attributes.c


async def set_many(tx: Tx, rows: Sequence[Mapping[str, object]]) -> None:
    """Rows of (subscriber_id, name, value), over what was known."""
    if rows:
        await tx.execute(upsert_many(tx, attributes, key=["subscriber_id", "name"], change=["value"]), rows)


async def of(tx: Tx, ids: Collection[int]) -> dict[int, dict[str, str]]:
    """What is known of each of some people; at most some thousands at once."""
    found: dict[int, dict[str, str]] = {}
    query = select(_A.subscriber_id, _A.name, _A.value).where(_A.subscriber_id.in_(ids)).order_by(_A.name)
    for row in await tx.execute(query):
        found.setdefault(row.subscriber_id, {})[row.name] = row.value
    return found


async def names(tx: Tx) -> tuple[str, ...]:
    """Every name that is used."""
    return tuple((await tx.execute(select(_A.name).distinct().order_by(_A.name))).scalars())


async def clear(tx: Tx, subscriber: int) -> None:
    await tx.execute(delete(attributes).where(_A.subscriber_id == subscriber))


def within(segment: Segment) -> ColumnElement[bool]:
    """Whether a row of subscribers and subscriptions is of the segment."""
    said, tests = subscribers.c.language, list[ColumnElement[bool]]()
    if segment.language:
        tests.append(or_(said == segment.language, said.startswith(f"{segment.language}-", autoescape=True)))
    if segment.joined_since is not None:
        tests.append(func.coalesce(subscriptions.c.confirmed_at, subscribers.c.created_at) >= segment.joined_since)
    for name, value in segment.attributes:
        mine = (_A.subscriber_id == subscribers.c.id) & (_A.name == name) & (_A.value == value)
        tests.append(exists().where(mine))
    return and_(True, *tests)
