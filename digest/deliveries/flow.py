"""What is owed goes out: notes first, then shards, until nothing is due."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.deliveries.context import Context, Routes
from digest.deliveries.lanes import LOOK, Tally, send_shards, settle, settled
from digest.deliveries.notes_lane import NotesLane
from digest.deliveries.progress import Progress, ProgressOf
from digest.deliveries.seal import freeze, seal
from digest.deliveries.shard import deliver_shard
from digest.model.deliveries import RUNNING, MailingStatus
from digest.store import leftovers, mailings, notes, shards
from digest.store.database import Tx
from digest.store.mailings import MailingRow
from digest.store.shards import Counts

__all__ = [
    "Progress",
    "Report",
    "cancel",
    "deliver_shard",
    "pause",
    "resume",
    "retry",
    "run_due",
    "seal",
    "settle",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run did, and what it leaves."""

    accepted: int
    """Letters of mailings that a relay took in this run."""
    rejected: int
    notes: int
    """Notes that a relay took in this run."""
    counts: Counts
    """How the mailing asked for stands now, or all of them together."""
    next_due: datetime | None
    """When something is due again; None when nothing is owed."""
    relay_error: str = ""
    """Why a relay could not be used: everything it should have got stays owed."""
    settled: tuple[MailingRow, ...] = ()
    """Mailings of which nothing is owed any more since this run: their editions are sent."""
    paused: tuple[MailingRow, ...] = ()
    """Mailings that stand still, each with its why."""

    @property
    def owed(self) -> int:
        return self.counts.owed

    @property
    def deferred(self) -> int:
        return self.counts.deferred

    @property
    def uncertain(self) -> int:
        return self.counts.uncertain


async def run_due(
    context: Context,
    *,
    horizon: timedelta = timedelta(0),
    mailing: int | None = None,
    progress: ProgressOf | None = None,
) -> Report:
    """Send notes, then what is due of `mailing` or of all; ends when nothing is due within `horizon`.

    Safe to run in many processes at once. A relay that is down ends it for that sender: all stays owed. One that is
    silent under a note holds up nothing else, and is waited for at the end.
    """
    tally = Tally()
    try:
        async with Routes(context) as routes, NotesLane(context, routes) as lane:
            while True:
                await freeze(context.store, now=context.clock())
                moved = tally.add_notes(await lane.look())
                moved = await send_shards(context, routes, tally, mailing, progress, lane) or moved
                if await settled(context, tally) or moved:
                    continue
                wait = await _wait(context, mailing, horizon, tuple(tally.down))
                if wait is not None:
                    await context.sleep(wait)
                elif lane.busy:
                    await lane.rest(LOOK)
                    # As in a new run: whose relay was down is asked again.
                    tally.down.clear()
                else:
                    return await _report(context, tally, mailing)
    finally:
        if context.journal:
            context.journal.close()


async def _wait(context: Context, mailing: int | None, horizon: timedelta, down: Collection[str]) -> float | None:
    """Seconds to sleep where something is due within the horizon that can be sent; None when nothing is."""
    now = context.clock()
    at = await next_due(context, mailing=mailing, down=down)
    if at is None or not now < at <= now + horizon:
        return None
    wait = (at - now).total_seconds()
    # Looking up now and then: a note may come, or somebody may pause what we wait for.
    return min(wait, max(1.0, wait / 20))


async def next_due(context: Context, *, mailing: int | None = None, down: Collection[str] = ()) -> datetime | None:
    """When the next letter of `mailing`, or else the next letter or note of all, is due; None when nothing is owed.

    Not those of the senders that are `down`.
    """
    silent = [*down, *(slug for slug, digest in context.digests.items() if digest.sender in down)]
    async with context.store.read() as tx:
        letters = await shards.next_due(tx, mailing=mailing, without=silent)
        single = await notes.next_due(tx, without=down) if mailing is None else None
    return min((at for at in (letters, single) if at), default=None)


async def _report(context: Context, tally: Tally, mailing: int | None) -> Report:
    async with context.store.read() as tx:
        counts = await shards.counts(tx, mailing)
        open_ = await mailings.unsettled(tx)
    still = (each for each in open_ if mailing in (None, each.id))
    return Report(
        accepted=tally.accepted,
        rejected=tally.rejected,
        notes=tally.notes,
        counts=counts,
        next_due=await next_due(context, mailing=mailing),
        relay_error="; ".join(tally.down.values()),
        settled=tuple(tally.settled),
        paused=tuple(each for each in still if each.status is MailingStatus.PAUSED),
    )


async def pause(tx: Tx, mailing: int, *, why: str, now: datetime) -> bool:
    """Stop a mailing within a claim's second; False when it is not running."""
    return await mailings.move(tx, mailing, old=RUNNING, new=MailingStatus.PAUSED, now=now, why=why)


async def resume(tx: Tx, mailing: int, *, now: datetime) -> bool:
    """Go on: with the first few where they have not all been tried yet; False when it was not paused."""
    first = await shards.counts(tx, mailing, number=0)
    frozen = (await mailings.get(tx, mailing)).upto is None
    new = MailingStatus.SENDING if frozen and not first.owed else MailingStatus.PROVING
    return await mailings.move(tx, mailing, old=(MailingStatus.PAUSED,), new=new, now=now)


async def cancel(tx: Tx, mailing: int, *, why: str, now: datetime) -> bool:
    """Withdraw all that is still owed; False when it is over already."""
    old = (*RUNNING, MailingStatus.PAUSED)
    if not await mailings.move(tx, mailing, old=old, new=MailingStatus.CANCELLED, now=now, why=why):
        return False
    await leftovers.withdraw(tx, mailing, now)
    for shard in await shards.of(tx, mailing):
        await shards.recount(tx, shard, now)
    return True


async def retry(tx: Tx, *, now: datetime, uncertain: bool = False) -> int:
    """Make what is deferred due now, with `uncertain` the doubts too; how many deliveries. Then `run_due`.

    Nothing of a mailing that was cancelled, or whose edition was corrected since.
    """
    count = 0
    for each in await mailings.with_leftovers(tx):
        count += await leftovers.hurry(tx, each, now)
        if uncertain:
            count += await leftovers.hurry(tx, each, now, uncertain=True)
    return count
