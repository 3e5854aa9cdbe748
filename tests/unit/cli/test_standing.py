"""How mailings stand, as numbers, in words and as a bar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.cli.standing import WIDTH, bar, lengths, words
from digest.model.editions import Edition, EditionStatus
from digest.service.reading import Row
from digest.service.standing import Speedometer, Standing, planned
from digest.settings.sections import Limits
from digest.store.shards import Counts

NOW = datetime(2026, 6, 26, 9, tzinfo=UTC)


def standing(**counts: int) -> Standing:
    """A mailing that is being sent."""
    edition = Edition(
        id=1,
        digest="newsflash",
        label="2026-06-26",
        number=1,
        status=EditionStatus.SENDING,
        revision=1,
        slot_at=None,
        until=NOW,
        created_at=NOW,
        sealed_at=NOW,
        sent_at=None,
    )
    row = Row(edition=edition, items=1, mailing="sending", why="", numbers=Counts(**counts), next_due=None)
    return Standing(row=row, sending=True, faults={}, domains=())


@given(st.lists(st.integers(0, 1_000_000), min_size=6, max_size=6))
def test_a_bar_is_as_wide_as_it_should_be_and_shows_all_there_is(counts: list[int]) -> None:
    """One rejected among a million is seen."""
    found = lengths(counts, WIDTH)
    assert WIDTH == sum(found)
    assert [bool(count) for count in counts] == [bool(length) for length in found] or not any(counts)


def test_a_speed_is_known_at_the_second_look() -> None:
    """And with it the end: so many are left at that speed."""
    speed = Speedometer()
    [first] = speed.measured([standing(owed=900, accepted=100)], NOW)
    [second] = speed.measured([standing(owed=800, accepted=200)], NOW + timedelta(seconds=2))
    assert (None, None) == (first.per_second, first.done_at)
    assert (50.0, NOW + timedelta(seconds=2 + 16)) == (second.per_second, second.done_at)


def test_a_speed_is_told_from_step_to_step() -> None:
    """Counters that move once a second show no speed in between, nor twice the pace; and none for long is slower."""
    speed, limits, shown = Speedometer(), Limits(rate=5.0), list[float | None]()
    for look in range(17):
        one = replace(standing(owed=1000, accepted=5 * ((look + 2) // 4)), limits=limits)
        [seen] = speed.measured([one], NOW + timedelta(seconds=look / 4))
        shown.append(seen.per_second)
        assert (look >= 6) is speed.sure([seen])
    assert [None, None] == shown[:2]
    assert {5.0} == set(shown[6:])
    [seen] = speed.measured([one], NOW + timedelta(seconds=13.5))
    assert seen.per_second == 0.5


@pytest.mark.parametrize(
    ("limits", "sending", "due", "end"),
    [
        (Limits(), True, None, None),
        (Limits(rate=5.0), True, timedelta(seconds=10), timedelta(seconds=999 / 4.75)),
        (Limits(per_day=500), False, timedelta(hours=3), timedelta(hours=27)),
        (Limits(rate=5.0), False, timedelta(seconds=-30), timedelta(seconds=999 / 4.75)),
    ],
)
def test_the_end_is_known_by_the_pace(
    limits: Limits, sending: bool, due: timedelta | None, end: timedelta | None
) -> None:
    """Before it was ever looked at, and while it waits for tomorrow's allowance."""
    one = replace(standing(owed=900, deferred=100), limits=limits, sending=sending)
    one = replace(one, row=replace(one.row, next_due=None if due is None else NOW + due))
    ahead = planned(one, NOW).done_at
    assert end == (None if ahead is None else ahead - NOW)
    assert planned(replace(one, stopped="stopped by ana"), NOW).done_at is None
    assert planned(replace(one, row=replace(one.row, mailing="paused")), NOW).done_at is None


def test_what_nobody_gets_off_has_no_end() -> None:
    """Due for a day with its relay down: it says since when, and in which zone, and promises nothing."""
    one = replace(standing(owed=51), limits=Limits(rate=5.0), sending=False)
    one = planned(replace(one, row=replace(one.row, next_due=NOW - timedelta(days=1))), NOW)
    assert (True, None) == (one.overdue, one.done_at)
    since = (NOW - timedelta(days=1)).astimezone()
    assert f"51 owed   due since {since:%a %-d %b %H:%M %Z}: its relay cannot be used" in words(one).plain
    assert not planned(replace(one, overdue=False, stopped="stopped by ana"), NOW).overdue


def test_a_speed_beyond_the_pace_brings_no_end_nearer() -> None:
    """A hundred at once are the day's allowance: the other nine hundred are not gone in a second."""
    speed, limits = Speedometer(), Limits(per_day=100)
    for done in (0, 50, 100):
        one = planned(replace(standing(owed=1000 - done, accepted=done), limits=limits), NOW)
        [seen] = speed.measured([one], NOW + timedelta(seconds=done / 50))
    assert (50.0, NOW + timedelta(days=8)) == (seen.per_second, seen.done_at)
    assert "50.0/s, done about" in words(seen).plain


def test_a_bar_says_how_far_it_is_and_words_count() -> None:
    """Outcomes by their names, no more than there are."""
    one = standing(owed=250, accepted=700, rejected=50)
    assert bar(one).plain.endswith("  75%")
    assert ["700 accepted", "50 rejected", "250 owed"] == words(one).plain.strip().split("   ")
