"""The places of a pace: whatever the holders do, no second sees more than the rate and one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.deliveries.pace import RESERVE
from digest.deliveries.places import BACK, Places, lump, tolerance

from .house import NOW

SECOND = timedelta(seconds=1)
RATES = st.sampled_from([0.2, 1.0, 4.0, 14.0, 100.0, 1000.0])
PAUSES = st.integers(0, 400).map(lambda millis: timedelta(milliseconds=millis)) | st.just(timedelta(seconds=3))
STEPS = st.lists(st.tuples(st.integers(0, 4), PAUSES), max_size=200)
"""Which of the holders acts, and after how long."""


@dataclass
class Row:
    """What the ledger keeps for a key."""

    apart: timedelta
    next_at: datetime = NOW

    def give(self, count: int, now: datetime) -> Places:
        start = max(self.next_at, now - BACK)
        self.next_at = start + count * self.apart
        return Places(start, count, self.apart)


@dataclass
class Holder:
    """A worker that looks whenever it comes to, writes all that it may, and asks for more."""

    row: Row
    lump: int
    places: Places = field(init=False)

    def __post_init__(self) -> None:
        self.places = self.row.give(self.lump, NOW)

    def act(self, now: datetime) -> list[datetime]:
        written = []
        while True:
            if self.places.take(now):
                written.append(now)
            elif self.places.wait(now) is None:
                self.places = self.row.give(self.lump, now)
            else:
                return written


@given(rate=RATES, holders=st.integers(1, 5), steps=STEPS)
def test_no_second_sees_more_than_the_rate_and_one(
    rate: float, holders: int, steps: list[tuple[int, timedelta]]
) -> None:
    """However many there are, whenever they get to run, and for however long one stands still."""
    mailings = rate * (1 - RESERVE)
    row = Row(SECOND / mailings)
    crowd = [Holder(row, lump(mailings, 500)) for _ in range(holders)]
    now, written = NOW, []
    for who, pause in steps:
        now += pause
        written += crowd[who % holders].act(now)
    allowed = (SECOND + tolerance(row.apart)) / row.apart + 1
    assert allowed <= max(rate, 1) + (2 if rate < 100 else rate / 100)
    assert all(sum(begin <= each < begin + SECOND for each in written) <= allowed for begin in set(written))


@given(steps=STEPS)
def test_at_fourteen_a_second_fifteen_is_the_most(steps: list[tuple[int, timedelta]]) -> None:
    """What many relays allow, sent by five workers."""
    row = Row(SECOND / (14 * (1 - RESERVE)))
    crowd = [Holder(row, lump(14 * (1 - RESERVE), 500)) for _ in range(5)]
    now, written = NOW, []
    for who, pause in steps:
        now += pause
        written += crowd[who].act(now)
    assert all(sum(begin <= each < begin + SECOND for each in written) <= 15 for begin in set(written))


def test_who_is_always_there_loses_nothing() -> None:
    """Three workers that look every ten milliseconds send at the rate, and as many each."""
    row = Row(SECOND / 14)
    crowd = [Holder(row, lump(14, 500)) for _ in range(3)]
    sent = [0, 0, 0]
    for step in range(3 * 6000):
        sent[step % 3] += len(crowd[step % 3].act(NOW + step * timedelta(milliseconds=10 / 3)))
    assert 60 * 14 <= sum(sent) <= 60 * 14 + 1
    assert max(sent) - min(sent) <= 2


def test_what_went_by_is_lost() -> None:
    """All that is too late; the first that is not may be taken, and the others have their own times."""
    places = Places(NOW, 4, SECOND / 10)
    assert timedelta(0) == places.wait(NOW)
    assert -timedelta(milliseconds=30) == places.wait(NOW + timedelta(milliseconds=30))
    assert timedelta(milliseconds=49) == places.wait(NOW + timedelta(milliseconds=51))
    assert places.take(NOW + timedelta(milliseconds=100))
    assert timedelta(milliseconds=100) == places.wait(NOW + timedelta(milliseconds=100))
    assert not places.take(NOW + timedelta(milliseconds=100))
    assert places.wait(NOW + SECOND) is None
