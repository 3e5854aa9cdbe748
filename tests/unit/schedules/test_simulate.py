"""What a schedule would have brought."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from digest.schedule import parse, slots
from digest.schedules.simulate import Arrival, Replay, replay

START = datetime(2025, 1, 1, tzinfo=UTC)
END = START + timedelta(days=90)
MINUTES = st.lists(st.integers(0, 89 * 24 * 60), max_size=40)
SPECS = st.sampled_from(["daily 07:30", "mon 07:30", "last fri 09:00", "day 15 12:00"])


def run(spec: str, minutes: list[int], *, least: int = 1) -> Replay:
    arrivals = [Arrival(START + timedelta(minutes=each), f"No. {index}") for index, each in enumerate(minutes)]
    return replay(slots(parse(spec), ZoneInfo("UTC"), START, END), arrivals, min_items=least)


def test_each_edition_holds_what_came_before_it() -> None:
    """What comes at the very moment of a slot is for the next one; what nothing follows is left."""
    nine = 9 * 60
    done = run("daily 09:00", [0, nine - 1, nine, nine + 24 * 60, 89 * 24 * 60 + nine + 1])
    assert [2, 1, 1] == [each.items for each in done.made]
    assert [timedelta(hours=9), timedelta(days=1), timedelta(days=1)] == [each.waited for each in done.made]
    assert "No. 0" == done.made[0].longest
    assert 1 == done.left


def test_a_draft_made_ahead_is_closed_ahead() -> None:
    """As a real one is: what comes between draft and slot is the next one's."""
    lead, came = timedelta(hours=2), [Arrival(START + timedelta(hours=hour), f"At {hour}") for hour in (6, 7, 8)]
    times = slots(parse("daily 09:00"), ZoneInfo("UTC"), START, START + timedelta(days=2))
    assert [1, 2] == [each.items for each in replay(times, came, min_items=1, lead=lead).made]


def test_too_few_wait() -> None:
    """Below the minimum an edition is skipped, and what it had waits for the next."""
    done = run("mon 07:30", [0, 10 * 24 * 60], least=2)
    assert [True, False] == [each.skipped for each in done.editions[:2]]
    assert (2, timedelta(days=12, hours=7, minutes=30)) == (done.made[0].items, done.made[0].waited)


@given(SPECS, MINUTES, st.integers(1, 4))
def test_nothing_is_lost_or_doubled(spec: str, minutes: list[int], least: int) -> None:
    """Carried and left together are what came; every slot is there; an edition has its minimum or is skipped."""
    done = run(spec, minutes, least=least)
    assert len(minutes) == sum(each.items for each in done.editions) + done.left
    assert len(list(slots(parse(spec), ZoneInfo("UTC"), START, END))) == len(done.editions)
    assert all(each.skipped == (each.items == 0) for each in done.editions)
    assert all(each.items >= least for each in done.made)
