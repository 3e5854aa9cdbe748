"""Three workers of one sender on PostgreSQL keep to its pace together, also where the machine is busy."""

from __future__ import annotations

import json

import pytest

from tests.bench.pacing import RATE, WORKERS, most, paced
from tests.builders import Desk


@pytest.mark.long
@pytest.mark.timeout(400)
def test_no_second_sees_more_than_the_pace(desk: Desk, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never more than one above the rate in any second, and equal shares; a place that a busy machine misses is lost.

    By when letters begin to arrive: between that and their end this very machine answers for the relay.
    """
    monkeypatch.setenv("DIGEST_ENGINE__KIND", "procrastinate")
    monkeypatch.setenv("DIGEST_DATABASE__SHARED", str(desk.folder / "shared"))
    found = paced(desk, postgres_url)
    print(json.dumps(found.told()))
    assert RATE + 1 >= max(most(found.begun), most(found.begun_busy))
    fair = sum(found.shares) / WORKERS
    assert 0.8 * fair <= min(found.shares) <= max(found.shares) <= 1.2 * fair
