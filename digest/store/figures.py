"""How much there is of everything, counted for figures: by digest, state, reason and source, never by person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from digest.store import instance, notes, shards, stopping
from digest.store.database import Tx
from digest.store.schema import bounces, editions, mailings, sources, subscriptions, suppressions
from digest.store.schema import shards as ranges

_STATES = tuple(shards.Counts.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts by what they are counted by; `read` has when each source last was, `failures` how often in a row not."""

    deliveries: Mapping[tuple[str, str], int]
    editions: Mapping[tuple[str, str], int]
    subscriptions: Mapping[tuple[str, str], int]
    suppressions: Mapping[str, int]
    bounces: Mapping[str, int]
    notes: Mapping[str, int]
    failures: Mapping[str, int]
    read: Mapping[str, datetime]
    quarantine: bool
    stopped: bool


async def counted(tx: Tx) -> Figures:
    """All of them, at one moment; deliveries from their shards' counters, which also folded mailings keep."""
    singles = await notes.counts(tx)
    visited = (await tx.execute(select(sources.c.slug, sources.c.failures, sources.c.last_success_at))).all()
    return Figures(
        deliveries=await _deliveries(tx),
        editions=await _pairs(tx, select(editions.c.digest, editions.c.status, func.count())),
        subscriptions=await _pairs(tx, select(subscriptions.c.digest, subscriptions.c.state, func.count())),
        suppressions=await _each(tx, select(suppressions.c.reason, func.count())),
        bounces=await _each(tx, select(bounces.c["class"], func.count())),
        notes={name: getattr(singles, name) for name in singles.__dataclass_fields__},
        failures={row.slug: row.failures for row in visited},
        read={row.slug: row.last_success_at for row in visited if row.last_success_at},
        quarantine=bool(await instance.quarantine(tx)),
        stopped=await stopping.standing(tx) is not None,
    )


async def _deliveries(tx: Tx) -> dict[tuple[str, str], int]:
    sums = (func.coalesce(func.sum(ranges.c[name]), 0).label(name) for name in _STATES)
    of = select(mailings.c.digest, *sums).join(ranges, ranges.c.mailing_id == mailings.c.id)
    rows = await tx.execute(of.group_by(mailings.c.digest))
    return {(row.digest, name): int(getattr(row, name)) for row in rows for name in _STATES}


async def _pairs(tx: Tx, query: Select[Any]) -> dict[tuple[str, str], int]:
    first, second = list(query.selected_columns)[:2]
    return {(row[0], str(row[1])): row[2] for row in await tx.execute(query.group_by(first, second))}


async def _each(tx: Tx, query: Select[Any]) -> dict[str, int]:
    by = next(iter(query.selected_columns))
    return {str(row[0]): row[1] for row in await tx.execute(query.group_by(by))}
