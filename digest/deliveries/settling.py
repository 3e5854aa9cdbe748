"""What a relay said of a claim, written into the ledger by the batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from digest.deliveries import verdicts
from digest.deliveries.context import Context, Route
from digest.deliveries.halt import halt
from digest.deliveries.pace import domain_of
from digest.deliveries.page import Page
from digest.deliveries.retry import SESSION
from digest.deliveries.smtp.batch import Batch
from digest.deliveries.throttle import Heard
from digest.model.deliveries import DeliveryState, Outcome, OutcomeKind, Shard
from digest.store import deliveries
from digest.store.database import Tx
from digest.store.deliveries import Addressee, Result
from digest.store.mailings import MailingRow
from digest.store.shards import Counts

Ends = Sequence[tuple[Addressee, Outcome | None]]
"""Letters, each with what became of it; None for one that was not sent."""


@dataclass(slots=True, eq=False)
class Sent:
    """A claim on its way, until the ledger has heard of all its letters."""

    claimed: Sequence[Addressee]
    batch: Batch
    page: Page | None
    told: int = 0
    """Of those that ended, so many are in the ledger."""
    broken: int = 0
    """The same of its broken sessions."""

    @property
    def untold(self) -> int:
        """Letters of which the ledger has not heard, whether they ended or not."""
        return len(self.claimed) - self.told

    def news(self) -> News:
        """What became of it since the ledger was told last."""
        ends = [(self.claimed[place], outcome) for place, outcome in self.batch.ends[self.told :]]
        return News(self, ends, self.batch.broken[self.broken :])


@dataclass(frozen=True, slots=True)
class News:
    """Some letters of a claim, each with its end."""

    of: Sent
    ends: Ends
    broken: Sequence[Outcome]

    @property
    def plain(self) -> bool:
        """Whether all of it was taken, and nothing broke."""
        accepted = OutcomeKind.ACCEPTED
        return not self.broken and all(outcome and outcome.kind is accepted for _, outcome in self.ends)

    def told(self) -> None:
        """The ledger has it."""
        self.of.told += len(self.ends)
        self.of.broken += len(self.broken)


class Settling:
    """One turn's answers; it remembers the doubts there were, since many of them wait until somebody asks."""

    def __init__(self, context: Context, route: Route, mailing: MailingRow, shard: Shard) -> None:
        self.got_on = False
        """Whether a relay gave a verdict on anybody: broken sessions get a mailing nowhere."""
        self._context = context
        self._route = route
        self._mailing = mailing
        self._shard = shard
        self._doubts: list[int] = []
        self._patience = context.digests[mailing.digest].give_up_after

    async def settle(self, tx: Tx, news: Sequence[News]) -> Counts:
        """Tell the ledger what became of letters: by how much the counters move."""
        now, mailing = self._context.clock(), self._mailing.id
        ends = [end for each in news for end in each.ends]
        if not ends:
            return Counts()
        accepted, others = _parted(ends)
        before = {each.subscriber for each, _ in ends if each.again}
        doubts = [who for who, outcome in others if outcome and outcome.kind is OutcomeKind.UNCERTAIN]
        self._doubts += [who for who in doubts if who not in self._doubts]
        many = len(self._doubts) > self._route.sender.connections
        results, refused = await verdicts.of(tx, mailing, others, now=now, patience=self._patience, hold=many)
        self.got_on = self.got_on or bool(accepted) or any(map(_is_verdict, results))
        await deliveries.accept(tx, mailing, accepted, now, again=[who for who in accepted if who in before])
        await deliveries.record(tx, mailing, results, now)
        if many:
            await deliveries.hold_doubts(tx, self._shard, self._doubts)
        await self._route.pace.heard(tx, _heard(ends, [session for each in news for session in each.broken]))
        if refused:
            await halt(self._context, tx, mailing, f"the relay refuses us: {refused}", now)
        states = Counter(result.state.name.lower() for result in results if result.state is not DeliveryState.OWED)
        return Counts(owed=-len(accepted) - states.total(), accepted=len(accepted), **states)


def _is_verdict(result: Result) -> bool:
    if result.state is DeliveryState.DEFERRED:
        return result.kind != SESSION
    return result.state is DeliveryState.REJECTED


def _heard(ends: Ends, broken: Sequence[Outcome]) -> Heard:
    troubles = [(domain_of(each.wire), out) for each, out in ends if out and out.kind is not OutcomeKind.ACCEPTED]
    answers = sum(outcome is not None for _, outcome in ends)
    return Heard(answers=answers, troubles=troubles, broken=broken)


def _parted(ends: Ends) -> tuple[list[int], list[tuple[int, Outcome | None]]]:
    """Who was accepted, nearly everybody; and the others, each with its outcome."""
    accepted: list[int] = []
    others: list[tuple[int, Outcome | None]] = []
    for each, outcome in ends:
        if outcome is not None and outcome.kind is OutcomeKind.ACCEPTED:
            accepted.append(each.subscriber)
        else:
            others.append((each.subscriber, outcome))
    return accepted, others
