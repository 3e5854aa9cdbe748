"""Sending one shard: lease, claim, send, settle, and give the lease back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from digest.deliveries.context import LEASE, Context, Route
from digest.deliveries.halt import halt
from digest.deliveries.notes_lane import NotesLane
from digest.deliveries.personalise import Writer
from digest.deliveries.progress import ProgressOf
from digest.deliveries.replay import doubt_orphans
from digest.deliveries.stale import hold
from digest.deliveries.turn import Turn
from digest.model.deliveries import MailingStatus, Outcome, Shard
from digest.store import leases, mailings, shards
from digest.store.addressees import Addressees
from digest.store.database import Tx
from digest.store.mailings import LetterRow, MailingRow
from digest.store.shards import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRun:
    """What one turn at a shard did; `fault` is why it ended early."""

    accepted: int = 0
    rejected: int = 0
    moved: bool = False
    """Whether any delivery changed its state."""
    fault: Outcome | None = None


@dataclass(frozen=True, slots=True)
class _Begun:
    """What a turn begins with."""

    row: MailingRow
    shard: Shard
    others: Counts
    letters: Sequence[LetterRow]


async def deliver_shard(
    context: Context,
    mailing: int,
    number: int,
    *,
    route: Route,
    progress: ProgressOf | None = None,
    notes: NotesLane | None = None,
) -> ShardRun:
    """Send what is due of a shard, unless somebody else has its lease; `notes` that are due go in between.

    However it ends, what a relay answered is written down, and the lease is given back. After a kill it ends
    by itself, and what was on its way is uncertain.
    """
    turn = await _begin(context, mailing, number, route, progress)
    if turn is None:
        return ShardRun()
    heart = asyncio.create_task(turn.keep_lease())
    try:
        while not turn.over and (claimed := await _next(turn, notes)):
            await turn.send(claimed)
        await turn.rest()
    except BaseException:
        await turn.break_off()
        raise
    finally:
        heart.cancel()
        await asyncio.wait({heart})
        await turn.end()
    return ShardRun(accepted=turn.accepted, rejected=turn.rejected, moved=turn.moved, fault=turn.fault)


async def _next(turn: Turn, notes: NotesLane | None) -> Addressees:
    """The next claim; a note that is due is begun first, but for senders that let all others wait."""
    if notes is None:
        return await turn.claim()
    claimed = await turn.claim(give_way=True, but_to=notes.aside)
    if turn.gave_way:
        await notes.go()
        claimed = await turn.claim()
    return claimed


class _AloudError(Exception):
    """Somebody is to be told, which is the loop's own work."""


async def _aloud(*_: object) -> None:
    raise _AloudError


async def _begin(context: Context, mailing: int, number: int, route: Route, progress: ProgressOf | None) -> Turn | None:
    if context.journal:
        context.journal.begin()
    quiet = replace(context, moved=_aloud, alert=_aloud)
    try:
        begun = await context.store.carry_out(lambda tx: _lease(quiet, tx, mailing, number))
    except _AloudError:
        async with context.store.write() as tx:
            begun = await _lease(context, tx, mailing, number)
    except asyncio.CancelledError:
        # It was carried out all the same.
        async with context.store.write() as tx:
            await leases.release(tx, mailing, number, owner=context.owner)
        raise
    if begun is None:
        return None
    writers = {letter.variant: _writer(context, route, begun.row, letter) for letter in begun.letters}
    return Turn(context, route, begun.row, begun.shard, writers, begun.others, progress)


async def _lease(context: Context, tx: Tx, mailing: int, number: int) -> _Begun | None:
    now = context.clock()
    shard = await leases.take(tx, mailing, number, owner=context.owner, now=now, until=now + LEASE)
    if shard is None:
        return None
    row = await mailings.get(tx, mailing)
    if await hold(context, tx, row, now) or await _unsigned(context, tx, row, now):
        await leases.release(tx, mailing, number, owner=context.owner)
        return None
    if row.status is MailingStatus.PROVING:
        await context.moved(tx, row)
    await doubt_orphans(context, tx, shard, now)
    others = await shards.counts(tx, mailing, but=number)
    return _Begun(row, shard, others, await mailings.letters_of(tx, mailing))


async def _unsigned(context: Context, tx: Tx, mailing: MailingRow, now: datetime) -> bool:
    """Pause a mailing whose key has left the configuration; whether it has. Others, and notes, go on."""
    if mailing.key_id in context.keys.keys:
        return False
    why = f'DIGEST_SECRET_KEY has no key "{mailing.key_id}" any more, which signs its links and Message-IDs'
    await halt(context, tx, mailing.id, why, now)
    return True


def _writer(context: Context, route: Route, mailing: MailingRow, letter: LetterRow) -> Writer:
    return Writer(
        context.compile(mailing, letter),
        mailing,
        keys=context.keys,
        domain=route.domain,
        links=context.links(mailing.digest, mailing.key_id),
        reason=partial(context.reason, mailing.digest, letter.language),
    )
