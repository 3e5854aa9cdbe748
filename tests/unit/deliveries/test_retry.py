"""When a delivery is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliveries.retry import GREYLISTING, JITTER, STEPS, Before, backoff, decide
from digest.model.deliveries import MOVES, DeliveryState, Outcome, OutcomeKind

NOW = datetime(2026, 6, 26, 8, tzinfo=UTC)
DAYS = timedelta(days=2)


@given(st.integers(1, 200), st.text(max_size=20), st.sampled_from([STEPS, GREYLISTING]))
def test_backoff_grows_and_is_spread(failures: int, token: str, steps: Sequence[timedelta]) -> None:
    """Each wait is its step to a fifth more, the same for the same token, and never shorter than the one before."""
    wait = backoff(failures, token, steps)
    step = steps[min(failures, len(steps)) - 1]
    assert step <= wait <= step * (1 + JITTER)
    assert wait == backoff(failures, token, steps)
    assert wait <= backoff(failures + 1, token, steps)


def test_those_who_were_deferred_together_do_not_all_come_back_together() -> None:
    """A hundred of a minute ago, over twelve seconds."""
    waits = {backoff(1, str(number)) for number in range(100)}
    assert 100 == len(waits)
    assert max(waits) - min(waits) > timedelta(seconds=10)


@given(st.integers(1, 2), st.text(max_size=20))
def test_greylisting_is_answered_in_time(count: int, token: str) -> None:
    """We come again after one minute and before five, also when told so a second time."""
    later = Outcome(kind=OutcomeKind.DEFERRED, code=450, text="4.2.0 Greylisted")
    before = {"deferred": Before(count=count - 1, since=NOW)} if count > 1 else {}
    due = decide(later, before=before, now=NOW, give_up_after=DAYS, token=token).due
    assert due
    assert timedelta(minutes=1) <= due - NOW < timedelta(minutes=5)


@pytest.mark.parametrize("kind", [OutcomeKind.DEFERRED, OutcomeKind.RELAY])
@pytest.mark.parametrize(("code", "text"), [(421, "4.7.0 slow down"), (452, "4.3.1 storage"), (0, "lost at mail")])
def test_a_session_never_counts(kind: OutcomeKind, code: int, text: str) -> None:
    """Told for six days that it is too much at once: still owed, where others would be given up after two."""
    before = {"session": Before(count=99, since=NOW - timedelta(days=6))}
    outcome = Outcome(kind=kind, code=code, text=text)
    verdict = decide(outcome, before=before, now=NOW, give_up_after=DAYS, token="1")
    assert verdict.state in (DeliveryState.DEFERRED, DeliveryState.OWED)
    assert verdict.kind in ("session", "")


def test_a_session_that_never_bears_somebody_ends() -> None:
    """A week of sessions that end at the same recipient is enough; a relay that is down costs nobody anything."""
    before = {"session": Before(count=99, since=NOW - timedelta(days=7))}

    def after(kind: OutcomeKind) -> DeliveryState:
        outcome = Outcome(kind=kind, code=421, text="4.7.0 slow down")
        return decide(outcome, before=before, now=NOW, give_up_after=DAYS, token="1").state

    assert (DeliveryState.REJECTED, DeliveryState.OWED) == (after(OutcomeKind.DEFERRED), after(OutcomeKind.RELAY))


def test_one_who_never_wants_us_ends() -> None:
    """The same refusal of us for two days is the end for that recipient."""
    before = {"sender": Before(count=9, since=NOW - DAYS)}
    refused = Outcome(kind=OutcomeKind.SENDER, code=550, text="5.7.1 no")
    verdict = decide(refused, before=before, now=NOW, give_up_after=DAYS, token="1")
    assert (DeliveryState.REJECTED, "gave up") == (verdict.state, verdict.kind)


@given(st.sampled_from(OutcomeKind), st.integers(0, 50), st.timedeltas(timedelta(0), timedelta(days=9)))
def test_every_verdict_is_a_legal_move(kind: OutcomeKind, count: int, age: timedelta) -> None:
    """From being sent, to wherever the verdict says."""
    before: dict[str, Before] = {kind: Before(count=count, since=NOW - age)} if count else {}
    verdict = decide(Outcome(kind=kind), before=before, now=NOW, give_up_after=DAYS, token="1")
    assert verdict.state in MOVES[DeliveryState.SENDING]
    assert verdict.due is None or verdict.due >= NOW


def test_gives_up_counting_from_the_first_deferral() -> None:
    """Two days after the relay first said later, later is over."""
    later = Outcome(kind=OutcomeKind.DEFERRED, code=450)

    def after(age: timedelta, count: int = 40) -> DeliveryState:
        before = {"deferred": Before(count=count, since=NOW - age)}
        return decide(later, before=before, now=NOW, give_up_after=DAYS, token="1").state

    assert DeliveryState.DEFERRED is after(DAYS - timedelta(seconds=1))
    assert DeliveryState.REJECTED is after(DAYS)


def test_days_without_a_relay_do_not_count() -> None:
    """Asked at the due times, it is given up after two days; asked twice and then not for a week, it is not."""
    later, at, count = Outcome(kind=OutcomeKind.DEFERRED, code=450), NOW, 0
    while True:
        before = {"deferred": Before(count=count, since=NOW)} if count else {}
        verdict = decide(later, before=before, now=at, give_up_after=DAYS, token="1")
        if verdict.due is None:
            break
        at, count = verdict.due, verdict.count
    assert DAYS <= at - NOW < DAYS + STEPS[-1] * (1 + JITTER)
    week = NOW + timedelta(days=7)
    before = {"deferred": Before(count=2, since=NOW)}
    assert decide(later, before=before, now=week, give_up_after=DAYS, token="1").state is DeliveryState.DEFERRED


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
