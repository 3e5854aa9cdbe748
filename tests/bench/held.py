"""How long the ledger's writer is held: a store that keeps the time of each transaction that writes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from digest.service.house import House
from digest.store.database import Store, Tx


@dataclass(frozen=True, slots=True)
class Watched(Store):
    """Seconds from each BEGIN that was granted to the end of its COMMIT."""

    held: list[float] = field(default_factory=list)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        async with Store.write(self) as tx:
            began = time.perf_counter()
            yield tx
        self.held.append(time.perf_counter() - began)


def watched(house: House) -> tuple[House, list[float]]:
    """The same house, and the times that its writer is held from now on."""
    store = Watched(house.store.url, house.store.writer, house.store.reader)
    return replace(house, store=store), store.held
