"""Where in its shard a turn goes on claiming: to pass again over all that is settled takes longer than a claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from digest.model.deliveries import Shard
from digest.store import deliveries
from digest.store.addressees import Addressees
from digest.store.database import Tx

AGAIN = timedelta(seconds=1)
"""So often it looks from the beginning, for those whose time has come again."""


class Onward:
    """One shard's letters for one digest, a claim after the other."""

    def __init__(self, shard: Shard, digest: str) -> None:
        self._shard = shard
        self._digest = digest
        self._next = shard.first
        self._looked = datetime.min.replace(tzinfo=UTC)

    async def claim(self, tx: Tx, *, limit: int, now: datetime, domains: Mapping[str, int] | None) -> Addressees:
        """The next `limit` that are due, as `deliveries.claim`; with `domains`, whoever was passed over comes first."""
        first = self._shard.first if domains or now - self._looked >= AGAIN else self._next
        claimed = await self._from(tx, first, limit, now, domains)
        if not claimed and first > self._shard.first:
            claimed = await self._from(tx, self._shard.first, limit, now, domains)
        return claimed

    async def _from(
        self, tx: Tx, first: int, limit: int, now: datetime, domains: Mapping[str, int] | None
    ) -> Addressees:
        if first == self._shard.first:
            self._looked = now
        shard = replace(self._shard, first=first)
        claimed = await deliveries.claim(tx, shard, digest=self._digest, limit=limit, now=now, domains=domains)
        if claimed:
            self._next = max(self._next, claimed.subscribers[-1] + 1)
        return claimed
