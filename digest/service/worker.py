"""A worker among many: what it does when a job is rung for it, and the sweep that rings for what is owed.

The same verbs send here as in one process alone. Whatever a ring did not bring about, because it was lost, or
because its worker died or its relay was down, the sweep finds in the ledger and rings for again.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from digest.deliveries import flow
from digest.deliveries.context import Context, Routes
from digest.deliveries.notes_lane import NotesLane
from digest.deliveries.replay import forget, replay
from digest.deliveries.seal import freeze
from digest.deliveries.shard import deliver_shard
from digest.engine.bell import Bell, Handlers
from digest.model.deliveries import OutcomeKind
from digest.service import ringing, witness
from digest.store import mailings, notes, shards

AHEAD = 32
"""Shards of one sender that wait in the queue at most: the rest stay in the ledger."""
_QUIET = 5.0
"""Seconds that a way out stays open with nothing to send, and that a sender is left alone when its relay is down."""


class Worker:
    """Its ways out stay open while there is work."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._routes: Routes | None = None
        self._lane: NotesLane | None = None
        self._using = 0
        self._used = 0.0
        self._down: dict[str, float] = {}

    def handlers(self) -> Handlers:
        """What to do for each job of `ringing.jobs`."""
        lanes = {ringing.shards(sender): self._shard for sender in self._context.senders}
        return {ringing.NOTES: self._notes, ringing.MAILING: self._mailing, **lanes}

    async def sweep(self, bell: Bell) -> None:
        """Ring for notes and shards that are due and in nobody's hands; come again every few seconds."""
        context, now = self._context, self._context.clock()
        if await self._held():
            forget(context)
            return
        await replay(context)
        await freeze(context.store, now=now)
        await flow.settle(context)
        async with context.store.read() as tx:
            single = await notes.due(tx, now, without=(*self._resting(), *self._late()), limit=1)
            due = {
                sender: await shards.due(tx, now, digests=self._digests(sender), limit=AHEAD)
                for sender in context.senders
                if sender not in self._resting()
            }
        async with context.store.write() as tx:
            if single:
                await bell.ring(tx, ringing.NOTES, ringing.DUE)
            for sender, found in due.items():
                for each in found:
                    await bell.ring(tx, ringing.shards(sender), f"{each.mailing}:{each.number}")
        await self._close_if_quiet()

    async def close(self) -> None:
        """Let notes end, say goodbye to every relay, and take the journal away if all of it is in the ledger."""
        routes, lane = self._routes, self._lane
        self._routes = self._lane = None
        if lane:
            await lane.leave()
        if routes:
            await routes.__aexit__(None, None, None)
        if self._context.journal:
            self._context.journal.close()

    async def _held(self) -> bool:
        return bool(await witness.quarantine(self._context.store))

    async def _notes(self, _key: str) -> None:
        """Begin what is due. A note whose relay is silent goes on when this is over: the next ring is heard."""
        if await self._held():
            return
        async with self._ways_out() as routes:
            self._lane = self._lane or NotesLane(self._context, routes)
            run = await self._lane.look()
        for sender, _ in run.faults:
            self._rest(sender)

    async def _mailing(self, _key: str) -> None:
        """Owe what was sealed; the sweep rings for its shards as they fall due."""
        await freeze(self._context.store, now=self._context.clock())

    async def _shard(self, key: str) -> None:
        mailing, number = map(int, key.split(":"))
        context = self._context
        await replay(context)
        async with context.store.read() as tx:
            # Jobs outlive a ledger that is restored: of a mailing that it does not know there is nothing to send.
            digest = context.digests.get(await mailings.digest_of(tx, mailing) or "")
        if digest is None or digest.sender in self._resting() or await self._held():
            return
        async with self._ways_out() as routes:
            run = await deliver_shard(context, mailing, number, route=routes.of(digest.sender))
        if run.fault and run.fault.kind is OutcomeKind.RELAY:
            self._rest(digest.sender)
        await flow.settle(context)

    def _digests(self, sender: str) -> tuple[str, ...]:
        return tuple(slug for slug, digest in self._context.digests.items() if digest.sender == sender)

    def _rest(self, sender: str) -> None:
        self._down[sender] = time.monotonic() + _QUIET

    def _resting(self) -> tuple[str, ...]:
        """The senders whose relay did not answer a moment ago: everything stays owed."""
        return tuple(sender for sender, until in self._down.items() if until > time.monotonic())

    def _late(self) -> tuple[str, ...]:
        """The senders that have a note under way whose relay takes its time."""
        return self._lane.late if self._lane else ()

    @asynccontextmanager
    async def _ways_out(self) -> AsyncIterator[Routes]:
        if self._routes is None:
            self._routes = Routes(self._context)
        self._using += 1
        try:
            yield self._routes
        finally:
            self._using -= 1
            self._used = time.monotonic()

    async def _close_if_quiet(self) -> None:
        if not self._using and not self._late() and time.monotonic() - self._used > _QUIET:
            await self.close()
