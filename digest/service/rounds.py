"""What whoever keeps the clock looks after now and then, besides slots and sources."""

from __future__ import annotations

from digest.service import aftermath, storm
from digest.service.house import House


async def go(house: House) -> None:
    """Look for storms of leaving, and owe the reports that are due; safe to do in many processes at once."""
    await storm.watch(house)
    await aftermath.tell(house)
