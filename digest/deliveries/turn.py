"""One worker's turn at one shard, step by step, under its lease."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from digest.deliveries import proof, verdicts
from digest.deliveries.context import LEASE, NO_DOT_AFTER, PATIENCE, Context, Route
from digest.deliveries.halt import halt
from digest.deliveries.journal import Page
from digest.deliveries.personalise import Writer
from digest.deliveries.signing import outgoing
from digest.deliveries.smtp.crew import Batch, Crew, Message, unheard
from digest.deliveries.smtp.parcel import untold
from digest.errors import StoreError
from digest.model.deliveries import DeliveryState, MailingStatus, Outcome, OutcomeKind, Shard
from digest.store import deliveries, mailings, shards
from digest.store.database import Tx
from digest.store.deliveries import Addressee, Result
from digest.store.mailings import MailingRow
from digest.store.shards import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a mailing stands while it is being sent."""

    mailing: MailingRow
    counts: Counts


ProgressOf = Callable[[Progress], None]


class Turn:
    """One worker's turn at one shard."""

    def __init__(
        self,
        context: Context,
        route: Route,
        mailing: MailingRow,
        shard: Shard,
        writers: Mapping[int, Writer],
        others: Counts,
        progress: ProgressOf | None,
    ) -> None:
        self.accepted = self.rejected = self.answered = 0
        self.moved = False
        self.fault: Outcome | None = None
        self._context = context
        self._route = route
        self._mailing = mailing
        self._shard = shard
        self._writers = writers
        self._others = others
        self._progress = progress
        self._until = shard.leased_until or context.clock()
        self._doubts: list[int] = []
        self._crew: Crew | None = None
        self._page: Page | None = None
        self._put_off: datetime | None = None
        self._unwritten = False
        self._patience = context.digests[mailing.digest].give_up_after

    async def keep_lease(self) -> None:
        """Renew the lease while messages are on their way; stop sending when it is lost."""
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            # Failing to renew is as good as losing it: `_may_finish` watches the time.
            with suppress(StoreError):
                async with self._context.store.write() as tx:
                    mine = await self._renew(tx)
                if not mine and self._crew:
                    self._crew.stop()

    async def claim(self) -> Sequence[Addressee]:
        """The next letters, committed as being sent before the first is; none when the turn is over."""
        async with self._context.store.write() as tx:
            if not await self._renew(tx):
                return ()
            pace, now = self._route.pace, self._context.clock()
            room = await pace.room(tx)
            if not room:
                self._put_off = pace.tomorrow()
                return ()
            claimed = await deliveries.claim(tx, self._shard, digest=self._mailing.digest, limit=room, now=now)
            await pace.reserve(tx, len(claimed))
        return claimed

    async def send(self, claimed: Sequence[Addressee]) -> None:
        """Send what was claimed, and write down every answer, also when stopped."""
        page = self._page = self._opened(claimed)
        self._unwritten = True
        out = outgoing(self._route.signing, self._messages(claimed), self._route.pace)
        crew = self._crew = Crew(
            self._route.pool,
            out.messages,
            take=out.take,
            ready=out.ready,
            may_finish=self._may_finish,
            before_dot=page.dotted if page else untold,
            answered=page.answered if page else unheard,
        )
        work = asyncio.ensure_future(crew.work())
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            crew.stop()
            await asyncio.wait({work}, timeout=PATIENCE)
            work.cancel()
            await asyncio.wait({work})
            raise
        finally:
            await self._settle(claimed, crew.batch)

    async def end(self) -> None:
        """Give the lease back, and judge whether the mailing goes on."""
        if self._unwritten and self._page and self._context.journal:
            # What we know of these letters is in the journal: the lease waits for the ledger to hear it.
            self._context.journal.leave(self._page)
            return
        now = self._context.clock()
        async with self._context.store.write() as tx:
            if not self._unwritten:
                # Claimed while we were being stopped, and never begun.
                await deliveries.give_back(tx, self._shard, now)
            counts = await shards.recount(tx, self._shard, now, not_before=self._put_off)
            await self._judge(tx, counts, now)
            await shards.release(tx, self._shard, owner=self._context.owner)

    def _opened(self, claimed: Sequence[Addressee]) -> Page | None:
        journal, shard = self._context.journal, self._shard
        return journal.open(shard.mailing, shard.number, [each.subscriber for each in claimed]) if journal else None

    def _may_finish(self) -> bool:
        return self._context.clock() <= self._until - NO_DOT_AFTER

    async def _renew(self, tx: Tx) -> bool:
        now = self._context.clock()
        until = now + LEASE
        mine = await shards.renew(tx, self._shard, owner=self._context.owner, now=now, until=until)
        self._until = until if mine else now
        return mine

    def _messages(self, claimed: Sequence[Addressee]) -> list[Message]:
        now, address = self._context.clock().replace(microsecond=0), self._route.envelope
        envelope, mailing = self._context.envelope, self._mailing
        return [
            Message(
                envelope(address, each.handle, mailing),
                each.wire,
                partial(self._writers[each.variant].write, each, now),
            )
            for each in claimed
        ]

    async def _settle(self, claimed: Sequence[Addressee], batch: Batch) -> None:
        now = self._context.clock()
        self.fault = batch.fault
        outcomes = [(each.subscriber, outcome) for each, outcome in zip(claimed, batch.outcomes, strict=True)]
        self._doubts += [who for who, outcome in outcomes if outcome and outcome.kind is OutcomeKind.UNCERTAIN]
        async with self._context.store.write() as tx:
            results, refused = await verdicts.of(
                tx, self._mailing.id, outcomes, now=now, patience=self._patience, hold=self._many_doubts
            )
            await deliveries.record(tx, self._mailing.id, results, now)
            if self._many_doubts:
                await deliveries.hold_doubts(tx, self._shard, self._doubts)
            if refused:
                await halt(self._context, tx, self._mailing.id, f"the relay refuses us: {refused}", now)
            counts = await shards.recount(tx, self._shard, now)
        self._unwritten = False
        if self._page and self._context.journal:
            self._context.journal.settled(self._page)
            self._page = None
        self._tally(results)
        if self._progress:
            self._progress(Progress(mailing=self._mailing, counts=self._others.plus(counts)))

    @property
    def _many_doubts(self) -> bool:
        return len(self._doubts) > self._route.sender.connections

    def _tally(self, results: Sequence[Result]) -> None:
        states = [result.state for result in results]
        self.accepted += states.count(DeliveryState.ACCEPTED)
        self.rejected += states.count(DeliveryState.REJECTED)
        self.answered += sum(state not in (DeliveryState.OWED, DeliveryState.UNCERTAIN) for state in states)
        self.moved = self.moved or any(state is not DeliveryState.OWED for state in states)

    async def _judge(self, tx: Tx, counts: Counts, now: datetime) -> None:
        waiting = self._others.owed + self._others.deferred
        refused = f"{self.rejected} of {self.answered} were refused"
        if self._mailing.status is MailingStatus.PROVING:
            verdict = proof.judge(counts)
            if verdict is proof.Judgement.GO:
                old = (MailingStatus.PROVING,)
                await mailings.move(tx, self._mailing.id, old=old, new=MailingStatus.SENDING, now=now)
            elif verdict is proof.Judgement.STOP and waiting:
                await halt(
                    self._context,
                    tx,
                    self._mailing.id,
                    f"{counts.rejected} of the first {counts.answered} were refused",
                    now,
                )
        elif waiting and proof.too_many(self.rejected, self.answered):
            await halt(self._context, tx, self._mailing.id, refused, now)
