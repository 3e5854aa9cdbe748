"""One worker's turn at one shard, step by step, under its lease."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from digest.deliveries.answers import heard
from digest.deliveries.context import LEASE, PATIENCE, Context, Route
from digest.deliveries.halt import let_go
from digest.deliveries.judging import goes_on, weigh
from digest.deliveries.onward import Onward
from digest.deliveries.packing import Packing
from digest.deliveries.page import Page
from digest.deliveries.personalise import Writer
from digest.deliveries.progress import Progress, ProgressOf
from digest.deliveries.settling import News, Sent, Settling
from digest.deliveries.signing import Outgoing
from digest.deliveries.smtp.crew import Crew
from digest.deliveries.tenure import Tenure
from digest.errors import StoreError
from digest.model.deliveries import MailingStatus, Outcome, Shard
from digest.store import deliveries, mailings, notes, shards, stopping
from digest.store.addressees import Addressees
from digest.store.database import Tx
from digest.store.mailings import MailingRow
from digest.store.shards import Counts

WATCH = 0.5
"""Seconds between two looks at whether somebody paused or cancelled the mailing."""
STOPPED = (MailingStatus.PAUSED, MailingStatus.CANCELLED)
_RENEWAL = int(LEASE.total_seconds() / 3 / WATCH)


class _TakenOverError(Exception):
    """The lease ran out, and somebody else has the shard."""


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
        """`others` is how the rest of the mailing stands."""
        self.accepted = self.rejected = self.answered = 0
        self.moved = False
        self.gave_way = False
        """Whether the last `claim` took none because a note waits."""
        self.is_last = False
        """Whether the last `claim` left nobody to claim: to ask again would be in vain."""
        self._context = context
        self._route = route
        self._mailing = mailing
        self._shard = shard
        envelope = context.envelope(route.envelope, mailing)
        self._packing = Packing(writers=writers, envelope=envelope, recipients=route.recipients)
        self._others = others
        self._progress = progress
        self._out = out = Outgoing(route.signing, route.pace.places)
        self._tenure = Tenure(shard, context.owner, context.clock)
        now, until = context.seconds, self._tenure.until
        self._crew = Crew(route.pool, take=out.take, ready=out.ready, dress=out.dress, now=now, until=until)
        self._under_way: list[Sent] = []
        """Claims that the ledger has not heard of, the oldest first."""
        self._put_off: datetime | None = None
        self._onward = Onward(shard, mailing.digest)
        self._settling = Settling(context, route, mailing, shard)

    async def keep_lease(self) -> None:
        """Renew the lease while messages are on their way; begin nothing more when it is lost, or we are stopped."""
        for look in itertools.count(1):
            await asyncio.sleep(WATCH)
            # Failing to renew is as good as losing it: the crew watches the time.
            with suppress(StoreError):
                if not await self._goes_on(renew=look % _RENEWAL == 0):
                    self._crew.stop()

    async def _goes_on(self, *, renew: bool) -> bool:
        if renew:
            async with self._context.store.write() as tx:
                counts, until = await self._tenure.renew(tx)
            self._crew.until = until
            return counts is not None
        async with self._context.store.read() as tx:
            going = not await stopping.standing(tx)
            return going and (await mailings.get(tx, self._mailing.id)).status not in STOPPED

    @property
    def fault(self) -> Outcome | None:
        """Why nothing more can be sent: no relay could be used, or one refuses us as sender."""
        return self._crew.fault

    @property
    def over(self) -> bool:
        """Whether to claim more would be in vain."""
        return self.is_last or self._crew.stopped

    async def claim(self, *, give_way: bool = False, but_to: Collection[str] = ()) -> Addressees:
        """The next letters, committed as being sent before the first is; none where there are none now.

        In the same transaction the ledger hears what became of those before. A turn that should `give_way` takes
        none while a note waits, but for those of the senders `but_to`.
        """
        news = [sent.news() for sent in self._under_way]

        async def work(tx: Tx) -> tuple[Counts, Counts | None, float, Addressees]:
            try:
                moved = await self._settling.settle(tx, news, of_all=True)
                counts, until = await self._tenure.renew(tx, by=moved)
            except deliveries.StrangersError:
                if await self._tenure.holds(tx):
                    raise
                raise _TakenOverError from None
            if counts is None and not await self._tenure.holds(tx):
                raise _TakenOverError
            now = self._context.clock()
            self.gave_way = counts is not None and give_way and await notes.any_due(tx, now, without=but_to)
            claimed = await self._claim(tx, now) if counts and not self.gave_way else Addressees()
            return moved, counts, until, claimed

        # Trouble may be told to people, and that is the loop's own work.
        plain = all(each.plain for each in news)
        try:
            moved, counts, self._crew.until, claimed = await self._context.store.carry_out(
                work, aside=plain, soon=lambda found: self._packing.begin(found[-1], self._context.clock())
            )
        except _TakenOverError:
            # Nothing of it is written: what we know is told at the end.
            self._crew.stop()
            return Addressees()
        self._heard(news)
        on_their_way = sum(sent.untold for sent in self._under_way)
        self.is_last = counts is not None and counts.waiting == on_their_way + len(claimed)
        self._tally(moved)
        if counts:
            self._got_to(counts, moved)
        return claimed

    async def send(self, claimed: Addressees) -> None:
        """Send what was claimed; done when the last of it has begun: a late answer holds up no other claim."""
        parcels = await self._packing.parcels(claimed, self._context.clock())
        page = self._opened(claimed)
        batch = heard(parcels, page, log=self._route.sender.log_answers)
        self._under_way.append(Sent(claimed, batch, page))
        self._out.expect(parcels)
        begun = time.monotonic()
        self._crew.add(parcels)
        await self._crew.begun()
        self._route.portion.took(len(claimed), time.monotonic() - begun)

    async def rest(self) -> None:
        """Wait for all that is on its way."""
        await self._crew.rest()

    async def break_off(self) -> None:
        """Begin nothing more, and wait for what is on its way no longer than one has patience for."""
        await self._crew.leave(PATIENCE)

    async def end(self) -> None:
        """Write down the last answers, judge whether the mailing goes on, and give the lease back."""
        self._packing.drop()
        news = [sent.news() for sent in self._under_way]

        async def work(tx: Tx) -> tuple[Counts, Counts]:
            now = self._context.clock()
            if await self._tenure.holds(tx):
                moved = await self._settling.settle(tx, news)
                # Claimed while we were being stopped, and never begun.
                await deliveries.give_back(tx, self._shard, now)
            else:
                moved = await self._settling.settle_late(tx, news)
            await let_go(tx, self._mailing.id, now)
            counts = await shards.recount(tx, self._shard, now, not_before=self._put_off)
            self._tally(moved)
            if self._settling.got_on or self._put_off:
                await mailings.active(tx, self._mailing.id, self._put_off or now)
            await self._judge(tx, counts, now)
            await self._tenure.release(tx)
            return moved, counts

        proving = self._mailing.status is MailingStatus.PROVING
        plain = all(each.plain for each in news) and not self.rejected
        try:
            moved, counts = await self._context.store.carry_out(work, aside=plain and not proving)
        except BaseException:
            for sent in self._under_way:
                if sent.page and self._context.journal:
                    # What we know of these letters is in the journal: the lease waits for the ledger to hear it.
                    self._context.journal.leave(sent.page)
            raise
        self._heard(news)
        self._got_to(counts, moved)
        if self.rejected:
            await weigh(self._context, self._mailing)

    async def _judge(self, tx: Tx, counts: Counts, now: datetime) -> None:
        ours = len(self._settling.unasked)
        turn = (self.rejected - ours, self.answered - ours)
        here = (self._shard, counts)
        await goes_on(self._context, tx, self._mailing, here=here, others=self._others, turn=turn, now=now)

    def _opened(self, claimed: Addressees) -> Page | None:
        journal, shard = self._context.journal, self._shard
        return journal.open(shard.mailing, shard.number, claimed.subscribers) if journal else None

    async def _claim(self, tx: Tx, now: datetime) -> Addressees:
        pace = self._route.pace
        room = await pace.room(tx)
        claimed = Addressees()
        if limit := min(room.count, self._route.portion.size):
            claimed = await self._onward.claim(tx, limit=limit, now=now, domains=room.domains)
            await pace.reserve(tx, claimed.wires)
        if not claimed and room.opens:
            # What is owed has no place now: nobody holds it meanwhile.
            self._put_off = now + timedelta(seconds=room.opens)
        return claimed

    def _heard(self, news: Sequence[News]) -> None:
        """The ledger knows: of a claim that is over the journal need not keep anything."""
        for each in news:
            each.told()
        for sent in [sent for sent in self._under_way if not sent.untold]:
            if sent.page and self._context.journal:
                self._context.journal.settled(sent.page)
            self._under_way.remove(sent)

    def _got_to(self, counts: Counts, moved: Counts) -> None:
        if self._progress and moved.owed:
            self._progress(Progress(mailing=self._mailing, counts=self._others.plus(counts)))

    def _tally(self, moved: Counts) -> None:
        self.accepted += moved.accepted
        self.rejected += moved.rejected
        self.answered += moved.accepted + moved.deferred + moved.rejected
        self.moved = self.moved or moved.owed < 0
