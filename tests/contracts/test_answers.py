"""Answers of any length, read whole or in parts."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from digest.store.database import connect

MANY = 7_001
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most) SELECT i FROM n"


@pytest.mark.parametrize("most", [1, 1999, 2000, 2001, 4000, MANY])
def test_a_whole_answer(store_url: str, most: int) -> None:
    """Every row, once and in order, wherever an answer is cut."""

    async def main() -> list[int]:
        store = connect(store_url)
        async with store.read() as tx:
            found = list((await tx.execute(text(NUMBERS), {"most": most})).scalars())
        await store.close()
        return found

    assert list(range(1, most + 1)) == asyncio.run(main())


@pytest.mark.parametrize("size", [1, 999, 2000, 3000, 9000])
def test_an_answer_in_parts(store_url: str, size: int) -> None:
    """A part holds what was asked for, the last one the rest."""

    async def main() -> list[int]:
        store = connect(store_url)
        async with store.read() as tx:
            stream = await tx.stream(text(NUMBERS), {"most": MANY})
            parts = [[row.i for row in part] async for part in stream.partitions(size)]
        await store.close()
        assert {size} >= {len(part) for part in parts[:-1]}
        return [each for part in parts for each in part]

    assert list(range(1, MANY + 1)) == asyncio.run(main())


def test_an_answer_left_half_read(store_url: str) -> None:
    """Nobody is held up by what nobody reads: the transaction ends, and the next one writes."""

    async def main() -> int:
        store = connect(store_url)
        async with store.write() as tx:
            stream = await tx.stream(text(NUMBERS), {"most": MANY})
            assert await stream.fetchone()
            await stream.close()
            await tx.execute(text("CREATE TABLE left_half_read (i BIGINT)"))
        async with store.write() as tx:
            await tx.execute(text("INSERT INTO left_half_read VALUES (:i)"), [{"i": 1}, {"i": 2}])
            await tx.execute(text("INSERT INTO left_half_read VALUES (3)"))
            total = (await tx.execute(text("SELECT sum(i) AS i FROM left_half_read"))).scalar_one()
        await store.close()
        return int(total)

    assert 6 == asyncio.run(main())
