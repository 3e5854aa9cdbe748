"""When an address that answers with a move for good is followed for good. Pure.

Only after it said so on three days in a row, always to the same place, which was read as the same kind of source.
What the operator declared stays, and is asked again as soon as the new place fails.
"""

from __future__ import annotations

from datetime import date

from digest.store.sources import Move

DAYS = 3


def moved(known: Move, target: str, today: date) -> Move:
    """What to remember after a visit that ended at `target` by moves for good; empty when it was not moved."""
    if not target:
        return Move(adopted=known.adopted)
    if target != known.to:
        return Move(to=target, on=today, days=1, adopted=known.adopted)
    if known.on == today:
        return known
    days = known.days + 1
    return Move(adopted=target) if days >= DAYS else Move(to=target, on=today, days=days, adopted=known.adopted)
