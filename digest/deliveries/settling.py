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
from digest.deliveries.smtp.crew import Batch
from digest.deliveries.throttle import Heard
from digest.model.deliveries import DeliveryState, Outcome, OutcomeKind, Shard
from digest.store import deliveries
from digest.store.database import Tx
from digest.store.deliveries import Addressee, Result
from digest.store.mailings import MailingRow
from digest.store.shards import Counts


@dataclass(frozen=True, slots=True)
class Sent:
    """A claim that was sent, until the ledger has heard of it."""

    claimed: Sequence[Addressee]
    batch: Batch
    page: Page | None


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

    async def settle(self, tx: Tx, sent: Sent) -> Counts:
        """Tell the ledger what became of a claim: by how much the counters move."""
        now, mailing = self._context.clock(), self._mailing.id
        accepted, others = _parted(sent)
        before = {each.subscriber for each in sent.claimed if each.again}
        doubts = [who for who, outcome in others if outcome and outcome.kind is OutcomeKind.UNCERTAIN]
        self._doubts += [who for who in doubts if who not in self._doubts]
        many = len(self._doubts) > self._route.sender.connections
        results, refused = await verdicts.of(tx, mailing, others, now=now, patience=self._patience, hold=many)
        self.got_on = self.got_on or bool(accepted) or any(map(_is_verdict, results))
        await deliveries.accept(tx, mailing, accepted, now, again=[who for who in accepted if who in before])
        await deliveries.record(tx, mailing, results, now)
        if many:
            await deliveries.hold_doubts(tx, self._shard, self._doubts)
        await self._route.pace.heard(tx, _heard(sent))
        if refused:
            await halt(self._context, tx, mailing, f"the relay refuses us: {refused}", now)
        states = Counter(result.state.name.lower() for result in results if result.state is not DeliveryState.OWED)
        return Counts(owed=-len(accepted) - states.total(), accepted=len(accepted), **states)


def _is_verdict(result: Result) -> bool:
    if result.state is DeliveryState.DEFERRED:
        return result.kind != SESSION
    return result.state is DeliveryState.REJECTED


def _heard(sent: Sent) -> Heard:
    said = zip(sent.claimed, sent.batch.outcomes, strict=True)
    troubles = [(domain_of(each.wire), out) for each, out in said if out and out.kind is not OutcomeKind.ACCEPTED]
    answers = sum(outcome is not None for outcome in sent.batch.outcomes)
    return Heard(answers=answers, troubles=troubles, broken=sent.batch.broken)


def _parted(sent: Sent) -> tuple[list[int], list[tuple[int, Outcome | None]]]:
    """Who was accepted, nearly everybody; and the others, each with its outcome."""
    accepted: list[int] = []
    others: list[tuple[int, Outcome | None]] = []
    for each, outcome in zip(sent.claimed, sent.batch.outcomes, strict=True):
        if outcome is not None and outcome.kind is OutcomeKind.ACCEPTED:
            accepted.append(each.subscriber)
        else:
            others.append((each.subscriber, outcome))
    return accepted, others
