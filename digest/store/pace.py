"""Pace: one row a key, so that all processes together keep to a rate (GCRA) and slow down together.

Beside it, what a rolling hour and a rolling day have spent, in slices: each counts until it is a whole window old.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, func, literal, select, update

from digest.model.deliveries import EPOCH
from digest.store.database import Tx, insert_ignore
from digest.store.schema import pace, pace_spent

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EASE = timedelta(seconds=30)
"""After each of these the pace of a key that was slowed doubles, until it is what it was."""
SLOWEST = 6
"""Halvings at most."""
ASSUMED = 200.0
"""Messages a second that are halved for a key without a rate."""
_SECOND = 1_000_000
_SLICES = 1440
_AGAIN = 5 * _SECOND
# Answers that come so soon after the last slowing are about what was sent before it.


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a key stands: seconds until its next place, and how often its pace is halved now."""

    ahead: float = 0.0
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Places that were taken: seconds until the first, and how far they are from each other."""

    ahead: float
    apart: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What went of a rolling window, and since when: the end of the first slice that holds any of it."""

    count: int
    since: datetime


async def standing(tx: Tx, keys: Sequence[str], now: datetime) -> dict[str, Standing]:
    """How each of the keys stands; takes no place, and no lock."""
    at = _micros(now)
    columns = (pace.c.key, pace.c.next_at, pace.c.level, pace.c.slowed_at)
    rows = await tx.execute(select(*columns).where(pace.c.key.in_(keys)))
    known = dict.fromkeys(keys, Standing())
    for row in rows:
        level = max(0, row.level - (at - row.slowed_at) // _micro(EASE))
        known[row.key] = Standing(ahead=max(0, row.next_at - at) / _SECOND, level=level)
    return known


async def reserve(tx: Tx, key: str, count: int, *, rate: float | None, now: datetime) -> Given:
    """Take `count` places at `rate` a second, or at what slowing has left of it."""
    at, level = _micros(now), _level(_micros(now))
    span = literal(round(count * _SECOND / (rate or ASSUMED)))
    # Without a rate there is nothing to wait for, until a relay asks for it.
    stretched = span * _power(level) if rate else case((level > 0, span * _power(level)), else_=0)
    start = case((pace.c.next_at > at, pace.c.next_at), else_=literal(at))
    change = update(pace).where(pace.c.key == key).values(next_at=start + stretched)
    change = change.returning(pace.c.next_at, stretched)
    row = (await tx.execute(change)).one_or_none()
    if row is None:
        await tx.execute(insert_ignore(tx, pace).values(key=key, next_at=0))
        row = (await tx.execute(change)).one()
    until, taken = int(row[0]), int(row[1])
    return Given(ahead=max(0, until - taken - at) / _SECOND, apart=timedelta(microseconds=taken) / count)


async def slow(tx: Tx, key: str, *, pause: timedelta, now: datetime) -> None:
    """Let everybody wait with this key, longer each time, and then go at half the pace they had.

    It recovers step by step. Answers about what was sent before the last slowing change nothing.
    """
    at = _micros(now)
    await tx.execute(insert_ignore(tx, pace).values(key=key, next_at=0))
    level = _level(at)
    wait = literal(at) + _micro(pause) * _power(level)
    change = update(pace).where(pace.c.key == key, pace.c.slowed_at <= at - _AGAIN)
    later = case((pace.c.next_at > wait, pace.c.next_at), else_=wait)
    deeper = case((level < SLOWEST, level + 1), else_=level)
    await tx.execute(change.values(next_at=later, level=deeper, slowed_at=at))


async def left(tx: Tx, key: str, limit: int, window: timedelta, now: datetime) -> tuple[int, float]:
    """How many of `limit` may still go within the rolling window, and in how many seconds more may.

    Nobody else can spend any of them before this transaction ends.
    """
    await tx.execute(insert_ignore(tx, pace).values(key=key, next_at=0))
    # A write that changes nothing takes the row's lock.
    await tx.execute(update(pace).where(pace.c.key == key).values(next_at=pace.c.next_at))
    old = _micros(now) - _micro(window) - _micro(window) // _SLICES
    spent, count = (pace_spent.c.key == _window(key, window)) & (pace_spent.c.since > old), func.sum(pace_spent.c.count)
    total, oldest = (await tx.execute(select(count, func.min(pace_spent.c.since)).where(spent))).one()
    free = max(0, limit - int(total or 0))
    return free, 0.0 if free else (oldest - old) / _SECOND


async def spent(tx: Tx, key: str, window: timedelta, now: datetime) -> Spent | None:
    """What counts against the window now; None for nothing. Takes no lock."""
    size, total = _micro(window) // _SLICES, func.sum(pace_spent.c.count)
    mine = (pace_spent.c.key == _window(key, window)) & (pace_spent.c.since > _micros(now - window) - size)
    count, first = (await tx.execute(select(total, func.min(pace_spent.c.since)).where(mine))).one()
    return Spent(count=int(count), since=EPOCH + timedelta(microseconds=int(first) + size)) if count else None


async def spend(tx: Tx, key: str, count: int, window: timedelta, now: datetime) -> None:
    """Count `count` against the window that `left` told of."""
    at, size, name = _micros(now), _micro(window) // _SLICES, _window(key, window)
    since = at - at % size
    await tx.execute(insert_ignore(tx, pace_spent).values(key=name, since=since, count=0))
    mine = (pace_spent.c.key == name) & (pace_spent.c.since == since)
    await tx.execute(update(pace_spent).where(mine).values(count=pace_spent.c.count + count))
    gone = (pace_spent.c.key == name) & (pace_spent.c.since <= at - _micro(window) - size)
    await tx.execute(delete(pace_spent).where(gone))


def _level(at: int) -> ColumnElement[int]:
    """How often a row's pace is halved at this moment."""
    eased = pace.c.level - (literal(at) - pace.c.slowed_at) // _micro(EASE)
    return case((eased > 0, eased), else_=0)


def _power(level: ColumnElement[int]) -> ColumnElement[int]:
    return case(*((level == each, 2**each) for each in range(SLOWEST)), else_=2**SLOWEST)


def _window(key: str, window: timedelta) -> str:
    return f"{key} {'hour' if window == HOUR else 'day'}"


def _micro(length: timedelta) -> int:
    return length // timedelta(microseconds=1)


def _micros(at: datetime) -> int:
    return round((at - EPOCH).total_seconds() * _SECOND)
