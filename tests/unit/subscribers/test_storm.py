"""When leaving is a storm and when it is people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from digest.subscribers.storm import is_storm

NOW = datetime(2026, 6, 26, 9, 0, tzinfo=UTC)


def hour(many: int, days: int) -> list[datetime]:
    return [NOW - timedelta(days=days, seconds=second) for second in range(1, many + 1)]


def test_a_storm_is_five_times_the_busiest_hour() -> None:
    """What came slowly over weeks is not usual for an hour; twenty never are a storm."""
    assert (is_storm(20, []), is_storm(21, [])) == (False, True)
    assert (is_storm(50, hour(10, 30)), is_storm(51, hour(10, 30))) == (False, True)
    slowly = [NOW - timedelta(hours=each) for each in range(1, 1_000)]
    assert is_storm(21, slowly)
