"""What the answers of a turn say of the mailing: whether it goes on, and which refusals are believed."""

from __future__ import annotations

from datetime import datetime

from digest.deliveries import hard, proof
from digest.deliveries.context import Context
from digest.deliveries.halt import halt, tell
from digest.deliveries.hard import AGAIN
from digest.model.deliveries import MailingStatus, millis
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
    shard: Counts,
    others: Counts,
    turn: tuple[int, int],
    now: datetime,
) -> None:
    """Let a mailing go on, or stop it; `turn` is how many this turn saw rejected, of how many answered."""
    waiting = others.owed + others.deferred
    rejected, answered = turn
    if mailing.status is MailingStatus.PROVING:
        verdict = proof.judge(shard)
        if verdict is proof.Judgement.GO:
            await mailings.move(tx, mailing.id, old=(MailingStatus.PROVING,), new=MailingStatus.SENDING, now=now)
        elif verdict is proof.Judgement.STOP and waiting:
            why = f"{shard.rejected} of the first {shard.answered} were refused"
            await halt(context, tx, mailing.id, why, now)
    elif waiting and proof.too_many(rejected, answered):
        await halt(context, tx, mailing.id, f"{rejected} of {answered} were refused", now)


async def weigh(context: Context, tx: Tx, mailing: MailingRow, now: datetime, *, over: bool = False) -> bool:
    """Doubt the refusals of a domain that refuses very many; whether it did. At a mailing's end believe the others.

    Believed is suppressed: nobody has that address. What was doubted is tried again a day later, and believed if
    the domain says the same once more.
    """
    waves = False
    for domain, found in hard.by_domain(await refusals.hard(tx, mailing.id)).items():
        new = [each for each in found if each.attempts == 1]
        if await _is_wave(tx, mailing, domain, len(new)):
            waves = True
            await _doubt(context, tx, mailing, domain, new, now)
        elif over:
            await _believe(tx, mailing, found, now)
    return waves


async def _is_wave(tx: Tx, mailing: MailingRow, domain: str, count: int) -> bool:
    if count < hard.LEAST:
        return False
    accepted, rejected = await refusals.answered(tx, mailing.id, domain)
    before = accepted > 0 or await refusals.accepted_before(tx, domain)
    return hard.is_wave(count, accepted + rejected, accepted_before=before)


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


async def _believe(tx: Tx, mailing: MailingRow, found: list[Hard], now: datetime) -> None:
    for each in found:
        reason, source = SuppressionReason.HARD_BOUNCE, f"refused: {mailing.digest}"
        await suppressions.add(tx, each.email, reason, source=source, now=now)
    await refusals.resolve(tx, mailing.id, [each.subscriber for each in found], now, "suppressed")
