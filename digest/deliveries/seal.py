"""Owing an edition's letters: the mailing in the transaction that seals it, a long list of people after it.

The seal fixes whom it is for. A large audience then gets its deliveries a few at a time, so that nobody else waits
for the ledger; where a crash cuts that short, whoever comes next goes on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from digest.deliveries import proof
from digest.model.deliveries import MailingKind
from digest.model.subscribers import EVERYBODY, Segment
from digest.store import audiences, mailings, partitions
from digest.store.database import Store, Tx
from digest.store.mailings import LetterRow

AT_ONCE = 5_000
"""A list no longer than this is owed its deliveries in the sealing transaction."""
MOST_AT_ONCE = 50_000
_HOLD = 0.06
"""Seconds for which a step means to hold the ledger, where nobody else can write meanwhile."""
_HOLD_A_ROW = 0.5
"""The same where it holds only the mailing."""


async def seal(
    tx: Tx,
    *,
    edition_id: int,
    revision: int,
    kind: MailingKind = MailingKind.EDITION,
    digest: str,
    key_id: str,
    letters: Sequence[LetterRow],
    segment: Segment = EVERYBODY,
    now: datetime,
    start_at: datetime,
) -> int:
    """The mailing of an edition's revision, made now if there is none; its row. `freeze` it afterwards.

    Everybody of the segment who is confirmed and not suppressed is owed the variant of their language, else variant
    0; of a correction, only whom its kind is for. Nothing goes out before `start_at`, nor before all are owed theirs.
    """
    mailing = await mailings.add(
        tx,
        edition_id=edition_id,
        revision=revision,
        kind=kind,
        digest=digest,
        key_id=key_id,
        segment=segment,
        now=now,
        start_at=start_at,
    )
    if mailing is None:
        known = await mailings.by_edition(tx, edition_id, revision, kind)
        assert known is not None  # noqa: S101 - the constraint that refused ours is this one
        return known.id
    await mailings.add_letters(tx, mailing, letters)
    await audiences.fix(tx, mailing)
    audience = await audiences.count(tx, digest, now, segment=segment, most=AT_ONCE + 1)
    if audience <= AT_ONCE:
        first = proof.proof_size(audience)
        while not await audiences.freeze(tx, mailing, first=first, size=proof.SHARD, limit=AT_ONCE + 1, now=now):
            pass
    return mailing


async def freeze(store: Store, *, now: datetime) -> None:
    """Owe all sealed mailings their deliveries; the ledger is free for others in between."""
    async with store.read() as tx:
        waiting = await audiences.unfrozen(tx)
    for mailing in waiting:
        await _freeze(store, mailing, now)
        await partitions.show(store, mailing)


async def _freeze(store: Store, mailing: int, now: datetime) -> None:
    async with store.read() as tx:
        first = proof.proof_size(await audiences.roughly(tx, mailing))
    limit, over, hold = AT_ONCE, False, _HOLD if store.is_sqlite else _HOLD_A_ROW
    while not over:
        begun = time.monotonic()
        async with store.write() as tx:
            over = await audiences.freeze(tx, mailing, first=first, size=proof.SHARD, limit=limit, now=now)
        limit = next_limit(limit, time.monotonic() - begun, hold)
        await store.checkpoint()


def next_limit(limit: int, took: float, hold: float = _HOLD) -> int:
    """How many to take next, when `limit` took so many seconds: at most twice as many, a shard's worth at least."""
    wanted = limit * min(2.0, hold / max(took, 0.001))
    return int(min(MOST_AT_ONCE, max(proof.SHARD, wanted)))
