"""What the answers of a turn say of the mailing: whether it goes on, and which refusals are believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from digest.deliveries import hard, proof
from digest.deliveries.context import Context
from digest.deliveries.halt import halt, tell
from digest.deliveries.hard import AGAIN
from digest.model.deliveries import MailingStatus, Shard, millis
from digest.model.subscribers import SuppressionReason
from digest.store import mailings, refusals, shards, suppressions
from digest.store.database import Tx
from digest.store.mailings import MailingRow
from digest.store.refusals import Hard
from digest.store.shards import Counts


async def goes_on(
    context: Context,
    tx: Tx,
    mailing: MailingRow,
    *,
    here: tuple[Shard, Counts],
    others: Counts,
    turn: tuple[int, int],
    now: datetime,
) -> None:
    """Let a mailing go on, or stop it; `turn` is how many this turn saw relays reject, of how many they answered."""
    waiting = others.owed + others.deferred
    rejected, answered = turn
    if mailing.status is MailingStatus.PROVING:
        first = await _without_ours(tx, *here)
        verdict = proof.judge(first)
        if verdict is proof.Judgement.GO:
            await mailings.move(tx, mailing.id, old=(MailingStatus.PROVING,), new=MailingStatus.SENDING, now=now)
        elif verdict is proof.Judgement.STOP and waiting:
            why = f"{first.rejected} of the first {first.answered} were refused"
            await halt(context, tx, mailing.id, why, now)
    elif waiting and proof.too_many(rejected, answered):
        await halt(context, tx, mailing.id, f"{rejected} of {answered} were refused", now)


async def _without_ours(tx: Tx, shard: Shard, counts: Counts) -> Counts:
    """How a shard stands with relays: an address that we cannot write to tells nothing of the others."""
    ours = await refusals.ours(tx, shard) if counts.rejected else 0
    return replace(counts, rejected=counts.rejected - ours)


async def weigh(context: Context, mailing: MailingRow) -> bool:
    """Doubt the refusals of a domain that refuses very many; whether it did.

    What was doubted is tried again a day later, and believed if the domain says the same once more. To count a domain
    is to look at all deliveries of a mailing, so nothing else waits for it.
    """
    async with context.store.read() as tx:
        waves = [domain for domain, new in await _new(tx, mailing) if await _is_wave(context, tx, mailing, domain, new)]
    if waves:
        async with context.store.write() as tx:
            for domain, found in await _new(tx, mailing):
                if domain in waves:
                    await _doubt(context, tx, mailing, domain, found, context.clock())
    return bool(waves)


async def believe(tx: Tx, mailing: MailingRow, now: datetime) -> None:
    """At a mailing's end: nobody has the addresses that were refused, and not doubted. They are suppressed."""
    found = await refusals.hard(tx, mailing.id)
    for each in found:
        reason, source = SuppressionReason.HARD_BOUNCE, f"refused: {mailing.digest}"
        await suppressions.add(tx, each.email, reason, source=source, now=now)
    if found:
        await refusals.resolve(tx, mailing.id, [each.subscriber for each in found], now, "suppressed")


async def _new(tx: Tx, mailing: MailingRow) -> list[tuple[str, list[Hard]]]:
    """What each domain refused for the first time."""
    found = hard.by_domain(await refusals.hard(tx, mailing.id))
    return [(domain, [each for each in those if each.attempts == 1]) for domain, those in found.items()]


async def _is_wave(context: Context, tx: Tx, mailing: MailingRow, domain: str, new: list[Hard]) -> bool:
    known, key = context.accepted, (mailing.id, domain)
    # What a domain has accepted only grows: where that was enough to believe so many refusals, it still is.
    if not hard.is_wave(len(new), known.get(key, 0) + len(new), accepted_before=True):
        return False
    known[key], rejected = await refusals.answered(tx, mailing.id, domain)
    before = known[key] > 0 or await refusals.accepted_before(tx, domain)
    return hard.is_wave(len(new), known[key] + rejected, accepted_before=before)


async def _doubt(context: Context, tx: Tx, mailing: MailingRow, domain: str, found: list[Hard], now: datetime) -> None:
    ids = [each.subscriber for each in found]
    await refusals.owe_again(tx, mailing.id, ids, now + AGAIN)
    await refusals.resolve(tx, mailing.id, ids, now, "doubted")
    for shard in await shards.of(tx, mailing.id):
        if any(shard.first <= each <= shard.last for each in ids):
            await shards.recount(tx, shard, now)
    await tell(
        context,
        tx,
        mailing,
        key=f"wave:{mailing.id}:{domain}:{millis(now)}",
        title=f"{domain} refuses many",
        lines=(
            f"{len(found)} addresses at {domain}, which took our mail before, were refused as if nobody had them.",
            "Nobody is suppressed. They are tried again in 24 hours; what is refused once more is then believed.",
        ),
    )
