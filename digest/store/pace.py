"""Pace: one row a key, so that all processes together keep to a rate (GCRA), and one a day for an allowance."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case, literal, update

from digest.model.deliveries import EPOCH
from digest.store.database import Tx, insert_ignore
from digest.store.schema import pace

_SECOND = 1_000_000


async def reserve(tx: Tx, key: str, count: int, *, rate: float, now: datetime) -> float:
    """Take `count` places at `rate` a second; in how many seconds the first of them is."""
    at, span = _micros(now), round(count * _SECOND / rate)
    await tx.execute(insert_ignore(tx, pace).values(key=key, next_at=0))
    later = case((pace.c.next_at > at, pace.c.next_at), else_=literal(at)) + span
    change = update(pace).where(pace.c.key == key).values(next_at=later).returning(pace.c.next_at)
    end: int = (await tx.execute(change)).scalar_one()
    return max(0, end - span - at) / _SECOND


async def left(tx: Tx, key: str, *, per_day: int, now: datetime) -> int:
    """How many may still go this day (UTC); nobody else can spend any before this transaction ends."""
    name = _day(key, now)
    await tx.execute(insert_ignore(tx, pace).values(key=name, next_at=0))
    # A write that changes nothing takes the row's lock.
    touched = update(pace).where(pace.c.key == name).values(next_at=pace.c.next_at).returning(pace.c.next_at)
    spent: int = (await tx.execute(touched)).scalar_one()
    return max(0, per_day - spent)


async def spend(tx: Tx, key: str, count: int, *, now: datetime) -> None:
    """Count `count` against the day's allowance that `left` told of."""
    change = update(pace).where(pace.c.key == _day(key, now))
    await tx.execute(change.values(next_at=pace.c.next_at + count))


def _day(key: str, now: datetime) -> str:
    return f"{key} {now:%Y-%m-%d}"


def _micros(at: datetime) -> int:
    return round((at - EPOCH).total_seconds() * _SECOND)
