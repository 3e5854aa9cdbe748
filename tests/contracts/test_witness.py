"""The witness, looked at by many processes at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from digest.service import witness
from digest.settings import Settings
from digest.store.database import Store, Tx, connect
from digest.store.migrate import upgrade


def test_processes_that_start_together_trust_each_other(store_url: str, tmp_path: Path) -> None:
    """One that counts on while another looks makes nobody think that the store was restored."""
    site = {"url": "https://news.example.org"}
    settings = Settings.model_validate({"site": site, "database": {"url": store_url, "shared": str(tmp_path)}})

    class Overtaken(Store):
        @asynccontextmanager
        async def read(self) -> AsyncIterator[Tx]:
            async with Store.read(self) as tx:
                yield tx
            await witness.attest(Store(self.url, self.writer, self.reader), settings)

    async def main() -> str:
        store = connect(store_url)
        await upgrade(store)
        await witness.look(store, settings)
        await witness.look(Overtaken(store.url, store.writer, store.reader), settings)
        why = await witness.quarantine(store)
        await store.close()
        return why

    assert "" == asyncio.run(main())
