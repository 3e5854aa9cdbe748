"""When a mailing will be done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliveries.pace import Pace
from digest.deliveries.plan import DAY, HOUR, Share, takes, words
from digest.settings.sections import Limits
from digest.store.database import Store
from digest.store.pace import Spent

LONDON = ZoneInfo("Europe/London")
MONDAY = datetime(2026, 6, 22, 9, 20, tzinfo=UTC)
"""10:20 in London."""


@pytest.mark.parametrize(
    ("count", "limits", "said"),
    [
        (2400, {"per_day": 500}, "2,400 recipients, 500 a day: done Friday 10:20"),
        (2400, {"rate": "5/s"}, "2,400 recipients, 5 a second: done today 10:29"),
        (
            2400,
            {"rate": "5/s", "per_hour": 1000, "per_day": 50_000},
            "2,400 recipients, 1,000 an hour: done today 12:22",
        ),
        (1, {"rate": "20/min"}, "1 recipient, 20 a minute: done today 10:20"),
        (10_000, {"rate": "5/s", "per_day": 500}, "10,000 recipients, 500 a day: done Saturday 11 July 10:22"),
        (60, {"rate": "12/day"}, "60 recipients, 12 a day: done Saturday 14:33"),
        (2400, {"rate": "unlimited"}, "2,400 recipients, as fast as the relay takes them"),
    ],
)
def test_what_is_said(count: int, limits: dict[str, object], said: str) -> None:
    """How many, the limit that decides, and the end in the digest's own zone."""
    share = Share(count=count, limits=Limits.model_validate(limits))
    assert said == words([share], start=MONDAY, now=MONDAY, zone=LONDON)


def test_the_slowest_domain_decides() -> None:
    """Where some have limits of their own, they may be what is waited for."""
    shares = [
        Share(count=600, limits=Limits(rate="10/s")),
        Share(count=120, limits=Limits(rate="20/min"), domain="gmail.com"),
    ]
    said = words(shares, start=MONDAY + timedelta(minutes=10), now=MONDAY, zone=LONDON)
    assert "600 recipients, 20 a minute to gmail.com: done today 10:36" == said


@pytest.mark.parametrize(("count", "hours"), [(250, 0), (450, 22), (600, 24), (750, 24), (800, 46)])
def test_what_the_day_has_spent_stands_ahead(count: int, hours: int) -> None:
    """Half of it went two hours ago: half may go now, and the others when those are a day old."""
    spent = {timedelta(days=1): Spent(count=250, since=MONDAY - timedelta(hours=2))}
    share = Share(count=count, limits=Limits(per_day=500), spent=spent)
    assert timedelta(hours=hours) == share.done(MONDAY) - MONDAY
    assert ", 500 a day: done" in words([share], start=MONDAY, now=MONDAY, zone=LONDON)


def test_a_twentieth_is_kept_for_notes() -> None:
    """The rate that a mailing is promised is the one that it gets; a domain's is all its own."""
    limits = Limits(rate=4.0)
    pace = Pace("main", limits, cast("Store", None))
    assert (pace.rate, 4.0) == (
        Share(count=1, limits=limits).kept.rate,
        Share(count=1, limits=limits, domain="a.b").kept.rate,
    )


LIMITS = st.builds(
    Limits,
    rate=st.none() | st.floats(0.001, 50),
    per_hour=st.none() | st.integers(1, 60),
    per_day=st.none() | st.integers(1, 200),
)


@given(LIMITS, st.integers(1, 300))
def test_no_limit_is_broken_by_the_plan(limits: Limits, count: int) -> None:
    """Held against going one after another: never later, and at most a window of the smaller limit earlier."""
    times = [0.0]
    for number in range(1, count):
        earliest = [times[-1] + (1 / limits.rate if limits.rate else 0.0)]
        for most, window in ((limits.per_hour, HOUR), (limits.per_day, DAY)):
            if most is not None and number >= most:
                earliest.append(times[number - most] + window)
        times.append(max(earliest))
    planned = [takes(number, limits) for number in range(1, count + 1)]
    assert sorted(planned) == planned
    assert all(plan <= time + 1e-6 for plan, time in zip(planned, times, strict=True))
    assert times[-1] - planned[-1] <= DAY
