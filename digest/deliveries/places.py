"""Places of a pace: each has a time of its own, and is lost to whoever comes too late for it.

All times are the ledger's. Places of one key are never nearer to each other than its rate says, whoever holds
them, and a letter is begun within `tolerance` of its place: so any second sees the rate, and one more, however long
a worker stood still.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LATE = timedelta(milliseconds=30)
"""How long a place may be used after its time: less than the twentieth that mailings leave to notes."""
BACK = timedelta(milliseconds=20)
"""How far back the first places of a lump may lie: what the ledger took to hand them out is not lost."""
FAST = 200.0
"""A second. Below, lumps are short, so that workers take turns; above, they must not keep the ledger busy."""
_LUMP, _LONG_LUMP = 0.15, 0.5
_NOW = timedelta(0)


def lump(rate: float, most: int) -> int:
    """How many places are asked for at once at a rate."""
    return max(1, min(most, round(rate * (_LUMP if rate < FAST else _LONG_LUMP))))


def tolerance(apart: timedelta) -> timedelta:
    """How long a place may be used after its time: at a slow pace longer, since each is dear."""
    return max(LATE, apart / 4)


@dataclass(slots=True, eq=False)
class Places:
    """Those of one lump that are not used yet, `apart` from each other."""

    due: datetime
    left: int
    apart: timedelta

    def wait(self, now: datetime) -> timedelta | None:
        """How long it is to the next, not above zero where it may be taken now; None when none are left."""
        if not self.left:
            return None
        wait = self.due - now
        if (late := -wait - tolerance(self.apart)) > _NOW:
            missed = min(self.left, -(-late // self.apart))
            self.left -= missed
            self.due += missed * self.apart
            return self.due - now if self.left else None
        return wait

    def take(self, now: datetime) -> bool:
        """Use the next one, where its time has come; whether it had."""
        wait = self.wait(now)
        if wait is None or wait > _NOW:
            return False
        self.left -= 1
        self.due += self.apart
        return True


NONE = Places(datetime.max.replace(tzinfo=UTC), 0, timedelta(seconds=1))
"""Not one."""
