"""Whether a mailing goes on after its first few."""

from __future__ import annotations

import pytest

from digest.deliveries.proof import Judgement, judge, proof_size
from digest.store.shards import Counts


@pytest.mark.parametrize(
    ("audience", "size"), [(0, 50), (10, 50), (2500, 50), (2501, 51), (10_000, 200), (1_000_000, 20_000)]
)
def test_how_many_go_first(audience: int, size: int) -> None:
    """2 %, at least 50."""
    assert size == proof_size(audience)


@pytest.mark.parametrize(
    ("first", "judgement"),
    [
        (Counts(owed=1, accepted=49), Judgement.WAIT),
        (Counts(accepted=50), Judgement.GO),
        (Counts(accepted=48, rejected=2), Judgement.GO),
        (Counts(accepted=47, rejected=3), Judgement.STOP),
        (Counts(rejected=50), Judgement.STOP),
        (Counts(deferred=50), Judgement.WAIT),
        (Counts(accepted=48, deferred=1, uncertain=1), Judgement.GO),
        (Counts(accepted=46, deferred=4), Judgement.WAIT),
        (Counts(accepted=1, rejected=1), Judgement.GO),
        (Counts(withdrawn=50), Judgement.GO),
    ],
)
def test_what_the_first_answers_say(first: Counts, judgement: Judgement) -> None:
    """Refusals under 5 % and hardly any stragglers let the others go."""
    assert judgement is judge(first)
