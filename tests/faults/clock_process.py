"""A clock as a process of its own, on time that runs faster.

    python -m tests.faults.clock_process URL MISSED BEGAN RATE

It answers each slot it is given with an edition, as the service does: one transaction for both. It ends only by a kill.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta

from digest.errors import EditionError, StoreError
from digest.model.editions import EditionStatus
from digest.schedules.tick import tick
from digest.settings import Settings
from digest.store import editions, schedules
from digest.store.database import Store, connect
from digest.store.schedules import OwedSlot

START = datetime(2026, 1, 1, tzinfo=UTC)


def declared(missed: str) -> Settings:
    """One digest that comes out each day."""
    digest = {"sender": "main", "schedule": "daily 01:30", "timezone": "Europe/London", "missed": missed}
    sender = {"url": "smtp://127.0.0.1:1025", "from": "News <news@example.org>"}
    site = {"url": "https://news.example.org"}
    return Settings.model_validate({"site": site, "senders": {"main": sender}, "digests": {"newsflash": digest}})


def simulated(began: float, rate: float) -> datetime:
    """Now, where each second since `began` is `rate` days."""
    return START + timedelta(days=(time.time() - began) * rate)


async def run(url: str, missed: str, began: float, rate: float) -> None:
    """Look, answer, look again."""
    settings, store = declared(missed), connect(url)
    while True:
        try:
            for slot in await tick(store, settings, now=simulated(began, rate)):
                await answer(store, slot)
        except (StoreError, EditionError):
            # Somebody else was faster, or the ledger was busy: the next look finds what is left.
            continue
        await asyncio.sleep(0.02)


async def answer(store: Store, slot: OwedSlot) -> None:
    """The slot's edition, if nobody else has answered it."""
    async with store.write() as tx:
        if not await schedules.answer_slot(tx, slot):
            return
        edition = await editions.add(
            tx,
            digest=slot.digest,
            label=await editions.free_label(tx, slot.digest, slot.key[:10]),
            number=0,
            status=EditionStatus.SKIPPED,
            slot_at=slot.at,
            until=slot.at,
            now=slot.at,
        )
        await schedules.name_edition(tx, slot, edition.id)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])))
