"""Keeping the store: backups of it, and moving it to another database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from digest.errors import UsageError
from digest.service.house import House, now
from digest.settings import Settings
from digest.settings.kinds import database_url
from digest.store import backup, copying, folding, instance, migrate, partitions
from digest.store.copying import Copied
from digest.store.database import Store, connect


async def upgrade(settings: Settings) -> None:
    """Bring the ledger's tables, and the job queue's where there is one, to this version's schema."""
    async with _open(settings.database.url) as store:
        await migrate.upgrade(store)
        await partitions.ahead(store)
        if settings.engine.kind == "procrastinate":
            from digest.engine import distributed

            await distributed.upgrade(store)


async def tidy(house: House) -> None:
    """Make room for mailings to come, and fold those that are long over; come again now and then."""
    await partitions.ahead(house.store)
    await folding.fold(house.store, now() - house.settings.database.keep_deliveries)


async def take(settings: Settings, file: Path) -> None:
    """Back the store up into `file`, while it is in use."""
    async with _open(settings.database.url) as store:
        await migrate.ready(store)
        await backup.take(store, file)


async def restore(settings: Settings, file: Path, *, replace: bool) -> None:
    """Put a backup in the store's place; it sends nothing until it is claimed."""
    async with _open(settings.database.url) as store:
        await backup.restore(store, file, replace=replace, why=f"it was restored from {file.name}")


async def copy(settings: Settings, to: str) -> tuple[Copied, ...]:
    """Copy the store into the empty one at `to`, which sends nothing until it is claimed."""
    try:
        database_url(to)
    except ValueError as error:
        raise UsageError(str(error), about="--to") from None
    if to == settings.database.url:
        raise UsageError("is the store itself", about="--to")
    async with _open(settings.database.url) as store, _open(to) as target:
        await migrate.ready(store)
        await migrate.upgrade(target)
        copied = await copying.copy(store, target)
        async with target.write() as tx:
            await instance.hold(tx, "it was copied from another store")
    return copied


@asynccontextmanager
async def _open(url: str) -> AsyncIterator[Store]:
    store = connect(url)
    try:
        yield store
    finally:
        await store.close()
