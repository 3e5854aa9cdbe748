"""How large a claim is: what a relay takes in a second, within bounds."""

from __future__ import annotations

import pytest

from digest.deliveries.portion import LEAST, Portion


@pytest.mark.parametrize(
    ("sent", "seconds", "then"),
    [
        (LEAST, 0.25, 200),
        (LEAST, 0.05, 500),
        (LEAST, 0.0, 500),
        (LEAST, 20.0, LEAST),
        (3, 0.001, LEAST),
    ],
    ids=["a second's worth", "no more than a page holds", "in no time", "slow", "the last few say nothing"],
)
def test_a_claim_is_what_a_second_takes(sent: int, seconds: float, then: int) -> None:
    """After one claim, by how long it took; within bounds."""
    portion = Portion(500)
    portion.took(sent, seconds)
    assert then == portion.size


def test_a_fast_relay_that_grows_slow_gets_less_again() -> None:
    """A note that waits would wait for a whole claim."""
    portion = Portion(500)
    for seconds in (0.1, 2.0):
        portion.took(portion.size, seconds)
    assert 250 == portion.size
