"""How large a claim is: what a relay takes in a second, within bounds."""

from __future__ import annotations

import pytest

from digest.deliveries.portion import FIRST, Portion


@pytest.mark.parametrize(
    ("sent", "seconds", "then"),
    [
        (FIRST, 0.5, 1_000),
        (FIRST, 0.05, 1_250),
        (FIRST, 0.0, 1_250),
        (FIRST, 20.0, FIRST),
        (3, 0.001, FIRST),
    ],
    ids=["a second's worth", "no more than a page holds", "in no time", "slow", "the last few say nothing"],
)
def test_a_claim_is_what_a_second_takes(sent: int, seconds: float, then: int) -> None:
    portion = Portion(1_250)
    portion.took(sent, seconds)
    assert then == portion.size


def test_a_fast_relay_that_grows_slow_gets_less_again() -> None:
    """A note that waits would wait for a whole claim."""
    portion = Portion(1_250)
    for seconds in (0.1, 2.0):
        portion.took(portion.size, seconds)
    assert 625 == portion.size
