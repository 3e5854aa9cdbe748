"""How mailings stand, as numbers, in words and as a bar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.cli.standing import WIDTH, bar, lengths, words
from digest.model.editions import Edition, EditionStatus
from digest.service.reading import Row
from digest.service.standing import Speedometer, Standing
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


def test_a_bar_says_how_far_it_is_and_words_count() -> None:
    """Outcomes by their names, no more than there are."""
    one = standing(owed=250, accepted=700, rejected=50)
    assert bar(one).plain.endswith("  75%")
    assert ["700 accepted", "50 rejected", "250 owed"] == words(one).plain.strip().split("   ")
