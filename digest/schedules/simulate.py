"""What editions a schedule would have brought, had it counted while an archive came in (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.schedule import Slot


@dataclass(frozen=True, slots=True)
class Arrival:
    """An announcement that the digest would carry, and when it came."""

    at: datetime
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imagined:
    """A slot and what its edition would have held; with too few it is skipped, and they wait."""

    slot: Slot
    items: int
    skipped: bool
    waited: timedelta
    """The longest wait of what it carries."""
    longest: str
    """Whose that was."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A schedule's editions over an archive, in order."""

    editions: tuple[Imagined, ...]
    left: int
    """Announcements that came after the last edition, or were too few for it."""

    @property
    def made(self) -> tuple[Imagined, ...]:
        return tuple(each for each in self.editions if not each.skipped)

    @property
    def skipped(self) -> int:
        return len(self.editions) - len(self.made)

    @property
    def largest(self) -> Imagined | None:
        return max(self.made, key=lambda each: each.items, default=None)

    @property
    def slowest(self) -> Imagined | None:
        return max(self.made, key=lambda each: each.waited, default=None)


def replay(
    slots: Iterable[Slot], arrivals: Sequence[Arrival], *, min_items: int, lead: timedelta = timedelta()
) -> Replay:
    """Each slot carries what came before it, or `lead` before, and was not carried; fewer than `min_items` wait."""
    ordered = sorted(arrivals, key=lambda each: each.at)
    waiting: list[Arrival] = []
    editions: list[Imagined] = []
    following = 0
    for slot in slots:
        while following < len(ordered) and ordered[following].at < slot.at - lead:
            waiting.append(ordered[following])
            following += 1
        editions.append(_imagined(slot, waiting, min_items))
        if not editions[-1].skipped:
            waiting = []
    return Replay(tuple(editions), len(waiting) + len(ordered) - following)


def _imagined(slot: Slot, waiting: Sequence[Arrival], min_items: int) -> Imagined:
    skipped = len(waiting) < min_items
    oldest = waiting[0] if waiting and not skipped else None
    return Imagined(
        slot=slot,
        items=0 if skipped else len(waiting),
        skipped=skipped,
        waited=slot.at - oldest.at if oldest else timedelta(),
        longest=oldest.title if oldest else "",
    )
