"""A turn's lease on its shard: kept while it lasts, and how long it lets us write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from digest.deliveries.context import LEASE, NO_DOT_AFTER
from digest.model.deliveries import Shard
from digest.store import leases
from digest.store.database import Tx
from digest.store.shards import Counts


class Tenure:
    """One turn's, by the name of its `owner`."""

    def __init__(self, shard: Shard, owner: str, clock: Callable[[], datetime]) -> None:
        self._shard = shard
        self._owner = owner
        self._clock = clock
        self.until = _last_dot(shard.leased_until or clock())
        """No final dot is written later, in seconds since 1970; as it was when the lease was taken."""

    async def renew(self, tx: Tx, by: Counts | None = None) -> tuple[Counts | None, float]:
        """How the shard stands, its counters moved `by` what was settled; None when the lease is not ours any more.

        And until when it lets us write: as soon as that is committed, and not before.
        """
        now = self._clock()
        until = now + LEASE
        counts = await leases.renew(tx, self._shard, owner=self._owner, now=now, until=until, by=by)
        return counts, _last_dot(until if counts else now)

    async def holds(self, tx: Tx) -> bool:
        """Whether nobody else has had it since; if so, nobody gets it before this transaction ends."""
        return await leases.hold(tx, self._shard, owner=self._owner)

    async def release(self, tx: Tx) -> None:
        """Give it back."""
        await leases.release(tx, self._shard.mailing, self._shard.number, owner=self._owner)


def _last_dot(until: datetime) -> float:
    return (until - NO_DOT_AFTER).timestamp()
