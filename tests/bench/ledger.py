"""What a long list costs the ledger: owing it, claiming and settling it, keeping it. `python -m tests.bench.ledger`.

SCALE=0.1 takes a hundred thousand people instead of a million. The figures in docs/scaling.md come from here.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from digest.deliveries import seal
from digest.deliveries.page import MOST
from digest.model.deliveries import MailingStatus
from digest.store import deliveries, leases, mailings, notes, partitions, shards
from digest.store.addressees import Addressees
from digest.store.database import Store, Tx, sqlite_path
from digest.store.shards import Counts
from tests.conftest import started
from tests.unit.deliveries.house import NOW, House, opened

UNTIL = NOW.replace(hour=23)
SETTLED = 100_000
_NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {0})",
    "postgresql": "WITH n AS (SELECT i FROM generate_series(1, {0}) AS g(i))",
}
_PEOPLE = """INSERT INTO subscribers (id, handle, email, email_norm, created_at)
{0} SELECT i, 'handle' || i, 'p' || i || '@example.com', 'p' || i || '@example.com', '{1}' FROM n"""
_STANDING = """INSERT INTO subscriptions (subscriber_id, digest, state, basis, changed_at)
{0} SELECT i, 'newsflash', 'confirmed', 'consent', '{1}' FROM n"""


async def measure(url: str, people: int) -> None:
    async with opened(url) as house:
        await partitions.ahead(house.store)
        await _populate(house.store, people)
        empty = await _size(house.store)
        begun = time.perf_counter()
        mailing = await house.seal()
        sealed = time.perf_counter() - begun
        await seal.freeze(house.store, now=NOW)
        owed = time.perf_counter() - begun
        fresh = await _size(house.store) - empty
        settled, rate = await _settle(house, mailing, min(people, SETTLED))
        begun = time.perf_counter()
        async with house.store.read() as tx:
            await shards.counts(tx, mailing)
            number = await shards.count(tx, mailing)
        progress = time.perf_counter() - begun
        print(f"{url.partition(':')[0]}: {people:,} people, {number:,} shards")
        print(f"  sealed in {sealed:.2f} s, all owed in {owed:.2f} s")
        print(f"  {fresh / people:.1f} bytes a delivery and its share of a shard, as owed")
        print(f"  claimed and settled {settled:,} at {rate:,.0f} a second")
        print(f"  progress of the mailing in {progress * 1000:.1f} ms", flush=True)


async def _populate(store: Store, people: int) -> None:
    numbers = _NUMBERS["sqlite" if store.is_sqlite else "postgresql"].format(people)
    at = NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    async with store.write() as tx:
        for statement in (_PEOPLE, _STANDING):
            await tx.execute(text(statement.format(numbers, at)))
    async with store.write() as tx:
        await tx.execute(text("ANALYZE"))


async def _settle(house: House, mailing: int, most: int) -> tuple[int, float]:
    """As a worker does, but that nobody is written to: under a lease, in claims, with the counters kept."""
    done, begun, number = 0, time.perf_counter(), 0
    async with house.store.write() as tx:
        await mailings.move(tx, mailing, old=(MailingStatus.PROVING,), new=MailingStatus.SENDING, now=NOW)
    while done < most:
        done += await _turn(house.store, mailing, number)
        number += 1
    return done, done / (time.perf_counter() - begun)


async def _turn(store: Store, mailing: int, number: int) -> int:
    """A shard, step by step as in `digest.deliveries.turn`: with each claim the ledger hears of the one before."""
    async with store.write() as tx:
        shard = await leases.take(tx, mailing, number, owner="bench", now=NOW, until=UNTIL)
    assert shard is not None
    sent = Addressees()
    done = 0
    while True:
        async with store.write() as tx:
            moved = await _heard(tx, mailing, sent)
            counts = await leases.renew(tx, shard, owner="bench", now=NOW, until=UNTIL, by=moved)
            assert not await notes.any_due(tx, NOW)
            sent = await deliveries.claim(tx, shard, digest="newsflash", limit=MOST, now=NOW)
        done += len(sent)
        if counts is None or counts.waiting == len(sent):
            break
    async with store.write() as tx:
        await _heard(tx, mailing, sent)
        await deliveries.give_back(tx, shard, NOW)
        await shards.recount(tx, shard, NOW)
        await leases.release(tx, shard.mailing, shard.number, owner="bench")
    return done


async def _heard(tx: Tx, mailing: int, sent: Addressees) -> Counts:
    """All were accepted."""
    await deliveries.accept(tx, mailing, sent.subscribers, NOW)
    return Counts(owed=-len(sent), accepted=len(sent))


async def _size(store: Store) -> int:
    if store.is_sqlite:
        async with store.writer.connect() as connection:
            await connection.exec_driver_sql("COMMIT")
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return sqlite_path(store.url).stat().st_size
    async with store.read() as tx:
        parts = "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('deliveries')"
        total = int((await tx.execute(text(parts))).scalar_one())
        return total + int((await tx.execute(text("SELECT pg_total_relation_size('shards')"))).scalar_one())


def main() -> None:
    people = int(1_000_000 * float(os.environ.get("SCALE") or 1))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(f"sqlite:///{Path(folder)}/digest.db", people))
    server = started()
    try:
        asyncio.run(measure(server.get_uri(), people))
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
