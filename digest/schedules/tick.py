"""One tick: look at every declared digest, write down what it owes, give what still wants an edition.

Any number of clocks may tick at once. Moving `looked_at` on from the value that was read lets one of
them win, and the slot's own UNIQUE constraint stands behind that. A tick that finds nothing writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.schedules.effective import since_last_look, start_line
from digest.schedules.policy import Decision, decide, ripe
from digest.settings import Digest, Settings
from digest.store import schedules
from digest.store.database import Store, Tx
from digest.store.schedules import OwedSlot, SlotState, Standing


@dataclass(frozen=True, slots=True)
class Work:
    """What a tick must write for one digest: its first row, its new declaration, or a decision."""

    digest: Digest
    standing: Standing | None = None
    redeclared_from: datetime | None = None
    decision: Decision | None = None
    ahead: datetime | None = None
    """Up to when slots have been decided."""


async def tick(store: Store, settings: Settings, *, now: datetime) -> tuple[OwedSlot, ...]:
    """Every slot of a declared digest that wants an edition now, the oldest first; new ones are written down.

    The digests must have their start lines (`store.digests.declare`).
    """
    async with store.read() as tx:
        if not plan(settings.digests, await schedules.listed(tx), now):
            return await schedules.unanswered_slots(tx, settings.digests)
    async with store.write() as tx:
        # Twice: a new declaration that changes nothing in effect may leave a slot due at once.
        for _ in range(2):
            for work in plan(settings.digests, await schedules.listed(tx), now):
                await _apply(tx, work, now)
        return await schedules.unanswered_slots(tx, settings.digests)


def plan(digests: Mapping[str, Digest], standings: Sequence[Standing], now: datetime) -> list[Work]:
    """What there is to write, by slug: two clocks take rows in one order, so none waits for the other in a ring."""
    known = {standing.digest: standing for standing in standings}
    found = (_work(digests[slug], known.get(slug), now) for slug in sorted(digests))
    return [work for work in found if work]


def _work(digest: Digest, standing: Standing | None, now: datetime) -> Work | None:
    if standing is None:
        return Work(digest)
    if (line := start_line(digest, standing, now)) is not None:
        return Work(digest, standing, redeclared_from=line)
    ahead = now + digest.ahead
    found = since_last_look(digest, standing, ahead)
    since = ripe(found, standing, now)
    if not since:
        return None
    decision = decide(since, standing, missed=digest.missed, lateness=digest.lateness, now=now)
    return Work(digest, standing, decision=decision, ahead=ahead if since == found else since[-1].at)


async def _apply(tx: Tx, work: Work, now: datetime) -> None:
    digest, was = work.digest, work.standing
    if was is None:
        await schedules.register(tx, digest.slug, digest.schedule, digest.zone.key, now)
    elif work.redeclared_from is not None:
        await schedules.redeclare(tx, was, digest.schedule, digest.zone.key, work.redeclared_from)
    elif work.decision is not None:
        await _settle(tx, was, work.decision, work.ahead or now, now)


async def _settle(tx: Tx, was: Standing, decision: Decision, ahead: datetime, now: datetime) -> None:
    if not await schedules.move_on(tx, was, ahead, skips_used=decision.skips_used):
        return
    owed = [(slot, SlotState.OWED, "; ".join(slot.notes)) for slot in decision.owed]
    passed = [(passed.slot, passed.state, passed.why) for passed in decision.passed]
    await schedules.add_slots(tx, was.digest, [*passed, *owed], now)
