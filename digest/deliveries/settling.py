"""What a relay said of a claim, written into the ledger by the batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from digest.deliveries import verdicts
from digest.deliveries.context import Context, Route
from digest.deliveries.halt import halt
from digest.deliveries.outcome import is_our_own
from digest.deliveries.pace import domain_of
from digest.deliveries.page import Page
from digest.deliveries.retry import SESSION
from digest.deliveries.smtp.batch import Batch
from digest.deliveries.throttle import Heard
from digest.model.deliveries import DeliveryState, Outcome, OutcomeKind, Shard
from digest.store import deliveries
from digest.store.addressees import Addressees
from digest.store.database import Tx
from digest.store.deliveries import Result
from digest.store.mailings import MailingRow
from digest.store.shards import Counts


class End(NamedTuple):
    """What became of a letter that was not taken."""

    subscriber: int
    wire: str
    outcome: Outcome | None
    """None for one that was not sent."""


@dataclass(slots=True, eq=False)
class Sent:
    """A claim on its way, until the ledger has heard of all its letters."""

    claimed: Addressees
    batch: Batch
    page: Page | None
    told_accepted: int = 0
    """Of those that a relay took, so many are in the ledger."""
    told_others: int = 0
    """The same of those that ended otherwise."""
    told_broken: int = 0
    """The same of its broken sessions."""

    @property
    def untold(self) -> int:
        """Letters of which the ledger has not heard, whether they ended or not."""
        return len(self.claimed) - self.told_accepted - self.told_others

    def news(self) -> News:
        """What became of it since the ledger was told last."""
        who, wires, batch = self.claimed.subscribers, self.claimed.wires, self.batch
        accepted = [who[place] for place in batch.accepted[self.told_accepted :]]
        others = [End(who[place], wires[place], outcome) for place, outcome in batch.others[self.told_others :]]
        return News(self, accepted, others, batch.broken[self.told_broken :], self._rest())

    def _rest(self) -> list[int]:
        who, batch = self.claimed.subscribers, self.batch
        if len(batch.accepted) == len(who):
            return []
        # Whom the ledger heard of is due again, and may have been claimed and taken since.
        over = {*batch.accepted, *(place for place, _ in batch.others[: self.told_others])}
        return [subscriber for place, subscriber in enumerate(who) if place not in over]


@dataclass(frozen=True, slots=True)
class News:
    """Some letters of a claim that came to an end."""

    of: Sent
    accepted: Sequence[int]
    """Subscribers' numbers."""
    others: Sequence[End]
    broken: Sequence[Outcome]
    rest: Sequence[int]
    """Who else is being sent, as the ledger has it: the others, of whom it is told now, and those on their way."""

    @property
    def plain(self) -> bool:
        """Whether all of it was taken, and nothing broke."""
        return not (self.others or self.broken)

    def told(self) -> None:
        """The ledger has it."""
        self.of.told_accepted += len(self.accepted)
        self.of.told_others += len(self.others)
        self.of.told_broken += len(self.broken)


class Settling:
    """One turn's answers; it remembers the doubts there were, since many of them wait until somebody asks."""

    def __init__(self, context: Context, route: Route, mailing: MailingRow, shard: Shard) -> None:
        self.got_on = False
        """Whether a relay gave a verdict on anybody: broken sessions get a mailing nowhere."""
        self.unasked: set[int] = set()
        """Who was rejected without a word of a relay's: we cannot write to their addresses."""
        self._context = context
        self._route = route
        self._mailing = mailing
        self._shard = shard
        self._doubts: list[int] = []
        self._patience = context.digests[mailing.digest].give_up_after

    async def settle(self, tx: Tx, news: Sequence[News], *, of_all: bool = False) -> Counts:
        """Tell the ledger what became of letters: by how much the counters move.

        `of_all`: the news are of every claim that is under way, so that whoever else is being sent is known.
        """
        if not any(each.accepted or each.others for each in news):
            return Counts()
        accepted = [who for each in news for who in each.accepted]
        if accepted:
            self.got_on = True
            rest = [who for each in news for who in each.rest] if of_all else None
            await deliveries.accept(tx, self._mailing.id, accepted, self._context.clock(), but=rest)
        moved = Counts(owed=-len(accepted), accepted=len(accepted))
        return moved if all(each.plain for each in news) else moved.plus(await self._troubles(tx, news, len(accepted)))

    async def _troubles(self, tx: Tx, news: Sequence[News], accepted: int) -> Counts:
        """The same of those that were not taken, and of sessions that broke."""
        now, mailing = self._context.clock(), self._mailing.id
        others = [end for some in news for end in some.others]
        outcomes = [(end.subscriber, end.outcome) for end in others]
        self.unasked.update(who for who, outcome in outcomes if outcome and is_our_own(outcome))
        doubts = [who for who, outcome in outcomes if outcome and outcome.kind is OutcomeKind.UNCERTAIN]
        self._doubts += [who for who in doubts if who not in self._doubts]
        many = len(self._doubts) > self._route.sender.connections
        results, refused = await verdicts.of(tx, mailing, outcomes, now=now, patience=self._patience, hold=many)
        self.got_on = self.got_on or any(map(_is_verdict, results))
        await deliveries.record(tx, mailing, results, now)
        if many:
            await deliveries.hold_doubts(tx, self._shard, self._doubts)
        broken = [session for some in news for session in some.broken]
        await self._route.pace.heard(tx, _heard(accepted, others, broken))
        if refused:
            await halt(self._context, tx, mailing, f"the relay refuses us: {refused}", now)
        states = Counter(result.state.name.lower() for result in results if result.state is not DeliveryState.OWED)
        return Counts(owed=-states.total(), **states)

    async def settle_late(self, tx: Tx, news: Sequence[News]) -> Counts:
        """The same after somebody else took the shard over, to whom these were doubts: who was accepted, is so."""
        accepted = [who for each in news for who in each.accepted]
        await deliveries.accept(tx, self._mailing.id, accepted, self._context.clock())
        return Counts(owed=-len(accepted), accepted=len(accepted))


def _is_verdict(result: Result) -> bool:
    if result.state is DeliveryState.DEFERRED:
        return result.kind != SESSION
    return result.state is DeliveryState.REJECTED


def _heard(accepted: int, others: Sequence[End], broken: Sequence[Outcome]) -> Heard:
    troubles = [(domain_of(end.wire), end.outcome) for end in others if end.outcome]
    return Heard(answers=accepted + len(troubles), troubles=troubles, broken=broken)
