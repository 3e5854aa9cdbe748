"""A lane for each sender: its shards one after another at its own pace, notes in between and beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from digest.deliveries.context import Context, Route, Routes
from digest.deliveries.judging import believe, weigh
from digest.deliveries.notes_lane import NotesLane, NotesRun
from digest.deliveries.progress import ProgressOf
from digest.deliveries.replay import replay
from digest.deliveries.shard import ShardRun, deliver_shard
from digest.deliveries.stale import hold_stale
from digest.errors import DeliveryError
from digest.model.deliveries import RUNNING, MailingStatus, OutcomeKind
from digest.store import mailings, shards
from digest.store.mailings import MailingRow

LOOK = 1.0
"""Seconds between two looks for notes, while mailings go out."""


@dataclass(slots=True)
class Tally:
    """What a run has come to so far; `down` says of senders why they could not send."""

    accepted: int = 0
    rejected: int = 0
    notes: int = 0
    down: dict[str, str] = field(default_factory=dict)
    settled: list[MailingRow] = field(default_factory=list)

    def add_notes(self, run: NotesRun) -> bool:
        self.notes += run.accepted
        self.down |= {sender: str(outcome) for sender, outcome in run.faults}
        return run.moved

    def add(self, sender: str, run: ShardRun) -> bool:
        self.accepted += run.accepted
        self.rejected += run.rejected
        if run.fault is None:
            return run.moved
        if run.fault.kind is OutcomeKind.RELAY:
            self.down[sender] = str(run.fault)
        # Refused as sender: the mailing stands still, which lets the next one move.
        return run.moved or run.fault.kind is OutcomeKind.SENDER


async def send_shards(
    context: Context,
    routes: Routes,
    tally: Tally,
    mailing: int | None,
    progress: ProgressOf | None,
    notes: NotesLane,
) -> bool:
    """Send what is due, each sender at its own pace; whether anything moved."""
    await replay(context)
    await hold_stale(context)
    async with context.store.read() as tx:
        digests = await shards.due_digests(tx, context.clock(), mailing=mailing)
    ways, over = _by_route(context, routes, tally, digests), asyncio.Event()
    lanes = [_lane(context, route, names, tally, mailing, progress, notes) for route, names in ways]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(lane) for lane in lanes]
            if tasks:
                group.create_task(_notes_lane(notes, tally, over))
                group.create_task(_then(tasks, over))
    except ExceptionGroup as failures:
        # A database that fails, fails for all: one of them says it.
        raise failures.exceptions[0] from failures
    return any(task.result() for task in tasks)


async def _notes_lane(notes: NotesLane, tally: Tally, over: asyncio.Event) -> None:
    """Notes go beside the mailings, however long a relay takes over one of their letters."""
    try:
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), LOOK)
            if not over.is_set():
                tally.add_notes(await notes.look())
    except asyncio.CancelledError:
        # While the mailings are broken off, and not after them: a stop has patience once.
        await notes.leave()
        raise


async def _then(tasks: Sequence[asyncio.Task[bool]], over: asyncio.Event) -> None:
    await asyncio.wait(tasks)
    over.set()


async def _lane(
    context: Context,
    route: Route,
    digests: Sequence[str],
    tally: Tally,
    mailing: int | None,
    progress: ProgressOf | None,
    notes: NotesLane,
) -> bool:
    """One sender's shards, until nothing of them moves any more; whether anything did."""
    ever = False
    while route.sender.slug not in tally.down:
        moved = False
        await replay(context)
        async with context.store.read() as tx:
            due = await shards.due(tx, context.clock(), digests=digests, mailing=mailing)
        for shard in due:
            run = await deliver_shard(context, shard.mailing, shard.number, route=route, progress=progress, notes=notes)
            moved = tally.add(route.sender.slug, run) or moved
            if run.fault:
                break
        await settled(context, tally)
        if not moved:
            break
        ever = True
    return ever


def _by_route(
    context: Context, routes: Routes, tally: Tally, digests: Sequence[str]
) -> tuple[tuple[Route, tuple[str, ...]], ...]:
    """The digests that share a sender, with its way out; not those whose sender is down or missing."""
    by_sender: dict[str, list[str]] = {}
    for digest in digests:
        if digest in context.digests:
            by_sender.setdefault(context.digests[digest].sender, []).append(digest)
        else:
            tally.down[digest] = f"{digest} is no digest of this configuration"
    found = [(_route(routes, tally, sender), tuple(names)) for sender, names in by_sender.items()]
    return tuple((route, names) for route, names in found if route)


def _route(routes: Routes, tally: Tally, sender: str) -> Route | None:
    if sender in tally.down:
        return None
    try:
        return routes.of(sender)
    except DeliveryError as error:
        tally.down[sender] = str(error)
        return None


async def settled(context: Context, tally: Tally) -> bool:
    over = await settle(context)
    tally.settled += over
    return bool(over)


async def settle(context: Context) -> tuple[MailingRow, ...]:
    """End the mailings of which nothing is owed any more; those are returned once, to whoever ended them."""
    async with context.store.read() as tx:
        over = await mailings.nothing_owed(tx)
    if not over:
        return ()
    sure = [each for each in over if not await weigh(context, each)]
    over_now: list[MailingRow] = []
    async with context.store.write() as tx:
        # Somebody else may have doubted a refusal meanwhile, and owe it again.
        still = {each.id for each in await mailings.nothing_owed(tx)}
        for each in (each for each in sure if each.id in still):
            await believe(tx, each, context.clock())
            if await mailings.move(tx, each.id, old=RUNNING, new=MailingStatus.SENT, now=context.clock()):
                over_now.append(await mailings.get(tx, each.id))
                await context.moved(tx, over_now[-1])
    return tuple(over_now)
