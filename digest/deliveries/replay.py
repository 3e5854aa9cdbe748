"""After a worker's end: what its journal knows goes into the ledger; what nobody knows is in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from digest.deliveries import verdicts
from digest.deliveries.context import Context
from digest.deliveries.halt import halt, let_go, tell
from digest.deliveries.journal import Journal, Orphan, orphaned, others
from digest.deliveries.page import Claim
from digest.model.deliveries import DeliveryState, Outcome, OutcomeKind, Shard, millis
from digest.store import deliveries, leases, mailings, shards
from digest.store.database import Tx
from digest.store.deliveries import Result

_LOST = Outcome(kind=OutcomeKind.UNCERTAIN, text="the worker that was sending it is gone")

Ends = Mapping[int, Outcome | None]
"""What is known of a subscriber's letter; None, or nothing said, is one never begun."""


async def replay(context: Context) -> None:
    """Settle what workers of this machine left when they died, and what the ledger would not take from us.

    Ask before claiming. Their leases end with it; those of other machines, or from before a reboot, run out.
    """
    if context.journal is None:
        return
    for path in others(context.journal.folder, context.journal.owner):
        with orphaned(path) as orphan:
            # One that names no claim says something, too: what was claimed is not begun.
            if orphan and orphan.trusted:
                await _settle(context, orphan)
    left = {page: page.read() for page in context.journal.take_left()}
    try:
        while left:
            shard = _shard_of(next(iter(left.values())))
            # All that one turn left of a shard at once: what one page does not know, another may.
            pages = [page for page, claim in left.items() if _shard_of(claim) == shard]
            await _settle_own(context, context.journal, [claim for page in pages if (claim := left[page])])
            for page in pages:
                context.journal.settled(page)
                del left[page]
    finally:
        for page in left:
            context.journal.leave(page)


def forget(context: Context) -> None:
    """Drop what this process left to tell: an older ledger stands in the place of the one it was to be told to.

    That has other mailings under the same numbers soon. Ask in quarantine.
    """
    if context.journal:
        for page in context.journal.take_left():
            context.journal.settled(page)


def _shard_of(claim: Claim | None) -> tuple[int, int] | None:
    return (claim.mailing, claim.number) if claim else None


async def doubt_orphans(context: Context, tx: Tx, shard: Shard, now: datetime) -> None:
    """Whatever a dead worker without a journal left on its way may have arrived; ask only under the shard's lease."""
    ids = await deliveries.orphans(tx, shard)
    if ids:
        await _record(context, tx, shard, dict.fromkeys(ids, _LOST), now)


async def _settle(context: Context, orphan: Orphan) -> None:
    now = context.clock()
    async with context.store.write() as tx:
        for shard in await shards.owned(tx, orphan.owner):
            said = {
                who: outcome
                for claim in orphan.claims
                if (claim.mailing, claim.number) == (shard.mailing, shard.number)
                for who, outcome in claim.letters
            }
            ids = await deliveries.orphans(tx, shard)
            await _record(context, tx, shard, {who: said.get(who) for who in ids}, now)
            await leases.release(tx, shard.mailing, shard.number, owner=orphan.owner)


async def _settle_own(context: Context, journal: Journal, claims: Sequence[Claim]) -> None:
    if claims:
        now = context.clock()
        async with context.store.write() as tx:
            found = await shards.of(tx, claims[0].mailing, (claims[0].number,))
            if not found:
                # An older ledger was restored, which does not know the mailing.
                return
            [shard] = found
            if shard.owner == journal.owner:
                said = {who: outcome for claim in claims for who, outcome in claim.letters}
                ids = await deliveries.orphans(tx, shard)
                await _record(context, tx, shard, {who: said.get(who) for who in ids}, now)
                await leases.release(tx, shard.mailing, shard.number, owner=journal.owner)
            else:
                for claim in claims:
                    await _late(tx, shard, claim, now)


async def _late(tx: Tx, shard: Shard, claim: Claim, now: datetime) -> None:
    """The lease has gone to somebody who calls them doubts: of those we do know who was accepted."""
    done = [who for who, outcome in claim.letters if outcome and outcome.kind is OutcomeKind.ACCEPTED]
    results = [Result(subscriber=who, state=DeliveryState.ACCEPTED, at=millis(now)) for who in done]
    await deliveries.record(tx, claim.mailing, results, now)
    await shards.recount(tx, shard, now)


async def _record(context: Context, tx: Tx, shard: Shard, ends: Ends, now: datetime) -> None:
    """Write down the ends of letters; few doubts are resent by themselves, more wait for a person."""
    mailing = await mailings.get(tx, shard.mailing)
    digest = context.digests.get(mailing.digest)
    sender = context.senders.get(digest.sender) if digest else None
    doubts = sum(outcome is not None and outcome.kind is OutcomeKind.UNCERTAIN for outcome in ends.values())
    hold = doubts > (sender.connections if sender else 0)
    results, refused = await verdicts.of(
        tx,
        shard.mailing,
        list(ends.items()),
        now=now,
        patience=digest.give_up_after if digest else timedelta.max,
        hold=hold,
    )
    await deliveries.record(tx, shard.mailing, results, now)
    await let_go(tx, shard.mailing, now)
    await shards.recount(tx, shard, now)
    if refused:
        await halt(context, tx, shard.mailing, f"the relay refuses us: {refused}", now)
    if hold:
        await tell(
            context,
            tx,
            mailing,
            key=f"doubts:{shard.mailing}:{millis(now)}",
            title="Letters in doubt",
            lines=(
                f"{doubts} letters were on their way when their worker ended: nobody knows whether they arrived.",
                "deliveries uncertain lists them; deliveries retry --uncertain sends them again.",
            ),
        )
