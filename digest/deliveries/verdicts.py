"""Outcomes weighed against a delivery's past, as the rows that say what is next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from digest.deliveries import retry
from digest.deliveries.outcome import reason
from digest.deliveries.retry import Before
from digest.model.deliveries import DeliveryState, Outcome, OutcomeKind, millis
from digest.store import delivery_events
from digest.store.database import Tx
from digest.store.deliveries import Result
from digest.store.shards import HELD


async def of(
    tx: Tx,
    mailing: int,
    outcomes: Sequence[tuple[int, Outcome | None]],
    *,
    now: datetime,
    patience: timedelta,
    hold: bool,
) -> tuple[list[Result], Outcome | None]:
    """What becomes of each (subscriber, outcome), and what was first said against us as sender, if anything.

    None is an attempt that was not made: owed as before. `hold` keeps doubts until somebody asks.
    """
    troubled = [who for who, outcome in outcomes if outcome and outcome.kind is not OutcomeKind.ACCEPTED]
    past = await delivery_events.attempts(tx, mailing, troubled)
    results: list[Result] = []
    refused: Outcome | None = None
    for who, outcome in outcomes:
        if outcome is None:
            results.append(Result(subscriber=who, state=DeliveryState.OWED, at=millis(now)))
            continue
        before = _before(past, who)
        if outcome.kind is OutcomeKind.SENDER and outcome.kind not in before:
            refused = refused or outcome
        results.append(_result(outcome, who, before, now, patience, hold=hold))
    return results, refused


def _before(past: delivery_events.Past, subscriber: int) -> dict[str, Before]:
    kinds = (kind for who, kind in past if who == subscriber)
    return {kind: Before(count=past[subscriber, kind].count, since=past[subscriber, kind].since) for kind in kinds}


def _result(
    outcome: Outcome, who: int, before: dict[str, Before], now: datetime, patience: timedelta, *, hold: bool
) -> Result:
    verdict = retry.decide(outcome, before=before, now=now, give_up_after=patience, token=str(who))
    held = verdict.state is DeliveryState.UNCERTAIN and (hold or verdict.due is None)
    return Result(
        subscriber=who,
        state=verdict.state,
        at=HELD if held else millis(verdict.due or now),
        kind=verdict.kind,
        code=outcome.code,
        text=outcome.text,
        attempts=verdict.count,
        reason=reason(outcome) if verdict.kind else None,
    )
