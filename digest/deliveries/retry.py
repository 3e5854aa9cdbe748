"""When a delivery is tried again, and when it no longer is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from digest.deliveries.outcome import is_the_session, reason
from digest.model.deliveries import DeliveryState, Outcome, OutcomeKind, Reason

STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120))
"""After the first, second … failure; the last step repeats."""
GREYLISTING = tuple(timedelta(minutes=minutes) for minutes in (1, 4, 15, 60, 120))
"""Greylisting wants to see us again after one minute and before five."""
SESSION = "session"
"""The event of a delivery that waits because of the session: its own patience is not counted down."""
JITTER = 0.2
RESEND_AFTER = timedelta(minutes=15)
SENDER_FAULT_AGAIN = STEPS[-1]
SESSION_TIMES = 3.5
"""As patient with somebody at whom every session ends: a week where others get two days. But not for ever."""
GAVE_UP = "gave up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a delivery went through already, of one kind: how often, and since when."""

    count: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The next state; `due` is None where nothing is due by itself. `kind` names the event to keep, "" for none."""

    state: DeliveryState
    due: datetime | None = None
    kind: str = ""
    count: int = 0


def backoff(failures: int, token: str, steps: Sequence[timedelta] = STEPS) -> timedelta:
    """How long to wait after so many failures: one minute, then longer, spread by `token` over a fifth more."""
    step = steps[min(failures, len(steps)) - 1]
    spread = int.from_bytes(blake2b(token.encode(), digest_size=4).digest()) / 2**32
    return step * (1 + JITTER * spread)


def waited(failures: int, token: str) -> timedelta:
    """How long so many failures make one wait in all; days on which no relay could be asked are not in it."""
    return sum((backoff(each, token) for each in range(1, failures + 1)), timedelta())


def decide(
    outcome: Outcome, *, before: Mapping[str, Before], now: datetime, give_up_after: timedelta, token: str
) -> Verdict:
    """What becomes of a delivery after `outcome`; `before` is its past by kind of event.

    It is given up `give_up_after` the first answer of that kind, counting only while the relay answers for it: by the
    waits that so many answers stand for. What is the session's fault has more patience, and is held against nobody.
    """
    kind = SESSION if is_the_session(outcome) else str(outcome.kind)
    past = before.get(kind)
    count = 1 + (past.count if past else 0)
    patience = give_up_after * SESSION_TIMES if kind == SESSION else give_up_after
    late = past is not None and now - past.since >= patience
    if late and past and outcome.kind is OutcomeKind.DEFERRED:
        late = waited(past.count, token) >= patience
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            return Verdict(state=DeliveryState.ACCEPTED)
        case OutcomeKind.REJECTED:
            return Verdict(state=DeliveryState.REJECTED, kind=kind, count=count)
        case OutcomeKind.UNCERTAIN:
            # Once resent and again in doubt: a person decides.
            due = now + RESEND_AFTER if count == 1 else None
            return Verdict(state=DeliveryState.UNCERTAIN, due=due, kind=kind, count=count)
        case OutcomeKind.DEFERRED | OutcomeKind.SENDER if late:
            return Verdict(state=DeliveryState.REJECTED, kind=GAVE_UP, count=count)
        case OutcomeKind.DEFERRED:
            steps = GREYLISTING if reason(outcome) is Reason.GREYLISTED else STEPS
            due = now + backoff(count, token, steps)
            return Verdict(state=DeliveryState.DEFERRED, due=due, kind=kind, count=count)
        case OutcomeKind.SENDER if past:
            # The mailing went on and only this recipient hears it again: it must not stop the others a second time.
            return Verdict(state=DeliveryState.DEFERRED, due=now + SENDER_FAULT_AGAIN, kind=kind, count=count)
        case OutcomeKind.SENDER:
            return Verdict(state=DeliveryState.OWED, due=now, kind=kind, count=count)
        case OutcomeKind.RELAY:
            return Verdict(state=DeliveryState.OWED, due=now)
