"""Statements that are said with every claim come to the same, whoever tells them to the database."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import bindparam, insert, select, update

from digest.errors import StoreError
from digest.store.database import Store, Tx
from digest.store.ready import Ready
from digest.store.schema import announcements, counters
from tests.contracts.test_store import run_on

_C = counters.c
FOUND = Ready(select(_C.name, _C.value).where(_C.value > bindparam("above"), _C.name != "left out").order_by(_C.name))
RAISED = Ready(update(counters).where(_C.name == bindparam("who")).values(value=bindparam("to")))
AT = datetime(2025, 6, 27, 8, tzinfo=UTC)


@pytest.mark.parametrize("aside", [True, False])
def test_it_comes_to_the_same(store_url: str, aside: bool) -> None:
    """Rows and how many were changed; with its own values and those it is given, as often as it is asked."""

    async def work(tx: Tx) -> object:
        rows = [{"name": name, "value": value} for name, value in (("b", 2), ("a", 3), ("left out", 9), ("low", 1))]
        await tx.execute(insert(counters), rows)
        changed = [await RAISED.change(tx, {"who": who, "to": 5}) for who in ("low", "nobody")]
        found = [[tuple(row) for row in await FOUND.rows(tx, {"above": above})] for above in (2, 4)]
        return changed, found

    async def scenario(store: Store) -> None:
        assert ([1, 0], [[("a", 3), ("low", 5)], [("low", 5)]]) == await store.carry_out(work, aside=aside)

    run_on(store_url, scenario)


@pytest.mark.parametrize("aside", [True, False])
def test_a_moment_is_written_as_its_column_wants_it(store_url: str, aside: bool) -> None:
    """What a driver would write by itself would sort otherwise."""
    later = Ready(select(announcements.c.public_id).where(announcements.c.effective_at > bindparam("now")))

    async def work(tx: Tx) -> list[str]:
        await tx.execute(
            insert(announcements).values(public_id="x", seq=1, effective_at=AT, first_seen_at=AT, updated_at=AT)
        )
        asked = (AT.replace(hour=7), AT.replace(hour=9))
        return [row[0] for now in asked for row in await later.rows(tx, {"now": now})]

    async def scenario(store: Store) -> None:
        assert ["x"] == await store.carry_out(work, aside=aside)

    run_on(store_url, scenario)


def test_a_list_is_refused(tmp_path: Path) -> None:
    """Its length would be that of the first time."""
    some = Ready(select(_C.name).where(_C.name.in_(["a", "b"])))

    async def work(tx: Tx) -> object:
        return await some.rows(tx, {})

    async def scenario(store: Store) -> None:
        with pytest.raises(ValueError, match="no fixed form: name_1"):
            await store.carry_out(work)

    run_on(f"sqlite:///{tmp_path}/digest.db", scenario)


def test_what_the_database_refuses_names_it(tmp_path: Path) -> None:
    """As every other statement does: the ledger, and what is to be done."""
    gone = Ready(select(_C.name).where(_C.value > bindparam("above")))

    async def work(tx: Tx) -> object:
        return await gone.rows(tx, {"above": 0})

    async def scenario(store: Store) -> None:
        await store.carry_out(work)
        other = sqlite3.connect(tmp_path / "digest.db")
        other.execute("DROP TABLE counters")
        other.close()
        with pytest.raises(StoreError, match=r"digest\.db: no such table: counters"):
            await store.carry_out(work)

    run_on(f"sqlite:///{tmp_path}/digest.db", scenario)
