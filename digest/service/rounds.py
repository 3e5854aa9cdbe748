"""What whoever keeps the clock looks after now and then, besides slots and sources."""

from __future__ import annotations

from digest.service import aftermath, passing, pulse, storm
from digest.service.house import House


async def go(house: House) -> None:
    """Look for storms of leaving, owe reports, pass on alerts, say that all is well; safe in many processes at once."""
    await storm.watch(house)
    await aftermath.tell(house)
    await passing.go(house)
    await pulse.go(house)
