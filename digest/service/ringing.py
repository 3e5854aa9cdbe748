"""The bell's jobs by name, and which bell a configuration means."""

from __future__ import annotations

from digest.engine.bell import Bell, Deaf
from digest.settings import Settings
from digest.store.database import Store

NOTES = "notes"
"""Single letters are due; the key is always DUE."""
DUE = "due"
MAILING = "mailing"
"""A mailing was sealed; the key is its row."""


def shards(sender: str) -> str:
    """A shard of one of this sender's mailings is due; the key is "mailing:number"."""
    return f"shards.{sender}"


def jobs(settings: Settings) -> frozenset[str]:
    """Every job that a worker of this configuration hears."""
    return frozenset({NOTES, MAILING, *(shards(slug) for slug in settings.senders)})


async def bell(settings: Settings, store: Store) -> Bell:
    """One to ring, for any process; StoreError where the job queue's tables are missing or old."""
    if settings.engine.kind == "embedded":
        return Deaf()
    from digest.engine import distributed

    await distributed.ready(store)
    return distributed.Ringer(store, jobs(settings))
