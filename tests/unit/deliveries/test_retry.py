"""When a delivery is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.deliveries.retry import JITTER, STEPS, Before, backoff, decide
from digest.model.deliveries import MOVES, DeliveryState, Outcome, OutcomeKind

NOW = datetime(2026, 6, 26, 8, tzinfo=UTC)
DAYS = timedelta(days=2)


@given(st.integers(1, 200), st.text(max_size=20))
def test_backoff_grows_and_is_spread(failures: int, token: str) -> None:
    """Each wait is its step to a fifth more, the same for the same token, and never shorter than the one before."""
    wait = backoff(failures, token)
    step = STEPS[min(failures, len(STEPS)) - 1]
    assert step <= wait <= step * (1 + JITTER)
    assert wait == backoff(failures, token)
    if failures < len(STEPS):
        assert wait < backoff(failures + 1, token)


def test_greylisting_is_answered_in_time() -> None:
    """The first retry comes after one minute and before two."""
    assert timedelta(minutes=1) <= backoff(1, "x") <= timedelta(minutes=2)


@given(st.sampled_from(OutcomeKind), st.integers(0, 50), st.timedeltas(timedelta(0), timedelta(days=9)))
def test_every_verdict_is_a_legal_move(kind: OutcomeKind, count: int, age: timedelta) -> None:
    """From being sent, to wherever the verdict says."""
    before = {kind: Before(count=count, since=NOW - age)} if count else {}
    verdict = decide(Outcome(kind=kind), before=before, now=NOW, give_up_after=DAYS, token="1")
    assert verdict.state in MOVES[DeliveryState.SENDING]
    assert verdict.due is None or verdict.due >= NOW


def test_gives_up_counting_from_the_first_deferral() -> None:
    """Two days after the relay first said later, later is over."""
    later = Outcome(kind=OutcomeKind.DEFERRED, code=450)

    def after(age: timedelta) -> DeliveryState:
        before = {"deferred": Before(count=9, since=NOW - age)}
        return decide(later, before=before, now=NOW, give_up_after=DAYS, token="1").state

    assert DeliveryState.DEFERRED is after(DAYS - timedelta(seconds=1))
    assert DeliveryState.REJECTED is after(DAYS)


def test_the_relay_costs_nobody_anything() -> None:
    """However often a relay fails, nothing is counted against the recipient."""
    before = {"relay": Before(count=99, since=NOW - timedelta(days=99))}
    verdict = decide(Outcome(kind=OutcomeKind.RELAY), before=before, now=NOW, give_up_after=DAYS, token="1")
    assert (DeliveryState.OWED, "", 0) == (verdict.state, verdict.kind, verdict.count)


def test_a_doubt_is_resent_once() -> None:
    """The second time a person decides."""
    doubt = Outcome(kind=OutcomeKind.UNCERTAIN)
    first = decide(doubt, before={}, now=NOW, give_up_after=DAYS, token="1")
    again = {"uncertain": Before(count=1, since=NOW)}
    second = decide(doubt, before=again, now=NOW, give_up_after=DAYS, token="1")
    assert NOW + timedelta(minutes=15) == first.due
    assert None is second.due
    assert 2 == second.count
