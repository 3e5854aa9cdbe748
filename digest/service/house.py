"""The composition root: settings, store, keys and templates, opened together and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import jinja2

from digest.engine.bell import Bell
from digest.errors import NotFound
from digest.service import rehearsing, ringing, witness
from digest.settings import Digest, Settings
from digest.settings.keys import Keyring
from digest.store import digests, migrate
from digest.store.clock import LedgerClock
from digest.store.database import Store, connect
from digest.templating import environment


@dataclass(frozen=True, slots=True)
class House:
    """What every flow needs, passed on as one value."""

    settings: Settings
    store: Store
    keys: Keyring
    templates: jinja2.Environment
    bell: Bell
    clock: LedgerClock
    """By which leases and pace are told, the same for all who share the ledger."""

    def digest(self, slug: str) -> Digest:
        """The digest of that slug; NotFound names those there are."""
        try:
            return self.settings.digests[slug]
        except KeyError:
            known = ", ".join(sorted(self.settings.digests)) or "none is configured"
            raise NotFound(f"no such digest; there are: {known}", about=slug) from None


def now() -> datetime:
    """The present moment, asked for at the edges only."""
    return datetime.now(UTC)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[House]:
    """The house with its store ready: made when new and embedded, refused when of another schema."""
    store = connect(settings.database.url, diary=settings.diary_file)
    try:
        await migrate.ready(store)
        await witness.look(store, settings)
        await rehearsing.look(store, settings)
        await _declare(store, tuple(settings.digests), now())
        bell, clock = await ringing.bell(settings, store), LedgerClock(store)
        await clock.set()
        yield House(settings, store, settings.keyring(), environment(_folders(settings)), bell, clock)
    finally:
        await store.close()


def _folders(settings: Settings) -> Sequence[Path]:
    return (settings.templates,) if settings.templates else ()


async def _declare(store: Store, slugs: tuple[str, ...], at: datetime) -> None:
    async with store.read() as tx:
        new = await digests.unknown(tx, slugs)
    if new:
        async with store.write() as tx:
            await digests.declare(tx, new, at)
