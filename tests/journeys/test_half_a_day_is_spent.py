"""What is said of the end knows what the day has spent already."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.builders import Desk, folder_source
from tests.fakes import sinking

PER_DAY = 6


def told(desk: Desk) -> Any:
    """The mailings as `deliveries status` has them, by label."""
    return {each["label"]: each for each in desk.done("deliveries", "status", "--json").json()}


@pytest.mark.long
def test_half_of_the_day_is_spent(desk: Desk) -> None:
    """Three of six are gone: three of the next four go today, and the last tomorrow, as all that tell of it say."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with sinking() as sink:
        desk.write("one", "First", "2025-05-06")
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port)
        paced = f'rate = "50/s"\nper_day = {PER_DAY}'
        desk.config.write_text(desk.config.read_text().replace('rate = "unlimited"', paced))
        desk.done("collect")
        for name in ("ada", "bea", "cleo"):
            desk.done("subscribers", "add", f"{name}@example.org", "--digest", "newsflash", "--confirmed")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30")
        desk.done("subscribers", "add", "dora@example.org", "--digest", "newsflash", "--confirmed")
        desk.write("two", "Second", "2025-06-06")
        desk.done("collect")
        said = desk.done("editions", "preview", "newsflash", "--at", "2025-06-27").out
        assert re.search(rf"Plan: 4 recipients, {PER_DAY} a day: done (?!today)\w+day \d\d:\d\d", said)
        sent = desk.run("editions", "send", "newsflash", "--at", "2025-06-27")
        assert re.search(rf"4 recipients, {PER_DAY} a day: done (?!today)\w+day \d\d:\d\d\.", sent.out)
        assert 6 == len(sink.accepted)
        done = datetime.fromisoformat(told(desk)["2025-06-27"]["done_at"])
    assert tomorrow <= done <= datetime.now(UTC) + timedelta(days=1, minutes=2)
