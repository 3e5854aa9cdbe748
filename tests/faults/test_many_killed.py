"""Many processes on PostgreSQL, killed at random while an edition goes out."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.builders import Desk, folder_source
from tests.fakes import Sink, sinking

SCALE = float(os.environ.get("SCALE") or 1)
PEOPLE = max(300, int(4_000 * SCALE))
KILLS = max(3, int(10 * SCALE))
CLAIM = max(50, PEOPLE // 40)
"""A second's worth: what one kill may leave in doubt where the journal is not at hand."""


@pytest.mark.long
def test_nobody_is_lost_and_whoever_got_two_is_listed(
    desk: Desk, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two workers one loses its disk with its life each time, as another machine would; the clock is killed, too."""
    dice = random.Random(20)
    monkeypatch.setenv("DIGEST_ENGINE__KIND", "procrastinate")
    monkeypatch.setenv("DIGEST_DATABASE__SHARED", str(desk.folder / "shared"))
    with sinking() as sink:
        _ready(desk, sink, postgres_url)
        elsewhere = Desk(desk.folder / "elsewhere")
        places = [(desk, "work"), (elsewhere, "work"), (desk, "tick")]
        running = [_spawned(at, role, desk.config) for at, role in places]
        try:
            desk.done("editions", "compose", "newsflash")
            for kill in range(KILLS):
                _until(partial(_at_least, sink, PEOPLE * (kill + 1) // (KILLS + 2)))
                victim = kill % 2 if kill < 4 else dice.randrange(3)
                running[victim].kill()
                running[victim].communicate()
                running[victim] = _spawned(*places[victim], desk.config)
            _until(partial(_settled, desk))
        finally:
            for process in running:
                process.send_signal(signal.SIGTERM)
            for process in running:
                process.communicate(timeout=60)
        listed = {each["message_id"] for each in desk.done("deliveries", "uncertain", "--all", "--json").json()}
        counts = desk.done("deliveries", "status", "--json").json()[0]
    got = Counter(_message_id(raw) for _, raw in sink.accepted)
    twice = {name for name, times in got.items() if times > 1}
    assert PEOPLE == counts["accepted"] + counts["uncertain"]
    assert counts["accepted"] <= len(got) <= PEOPLE
    assert set() == twice - listed
    assert len(twice) <= KILLS * CLAIM


def _ready(desk: Desk, sink: Sink, url: str) -> None:
    desk.write("one", "First", "2025-05-06")
    rows = "".join(f"p{number}@example.org\n" for number in range(PEOPLE))
    (desk.folder / "people.csv").write_text("email\n" + rows, "utf-8")
    desk.declare(sources=folder_source(desk.folder), smtp=sink.port, digest='grace = "0"', database=url)
    paced = desk.config.read_text("utf-8").replace('"unlimited"', f'"{CLAIM}/s"')
    desk.config.write_text(paced, "utf-8")
    desk.done("db", "upgrade")
    desk.done("collect")
    desk.done("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")


def _spawned(at: Desk, role: str, config: Path) -> subprocess.Popen[bytes]:
    """A process of that role; in a folder that is not the first's, it has lost all it had there."""
    if at.folder != config.parent:
        shutil.rmtree(at.folder, ignore_errors=True)
        at.folder.mkdir()
        shutil.copy(config, at.config)
    return at.spawn(role)


def _at_least(sink: Sink, count: int) -> bool:
    return len(sink.accepted) >= count


def _settled(desk: Desk) -> bool:
    rows = desk.done("deliveries", "status", "--json").json()
    return bool(rows) and not rows[0]["owed"] and not rows[0]["deferred"]


def _message_id(raw: bytes) -> str:
    found = re.search(rb"(?mi)^Message-ID: *(\S+)", raw)
    assert found
    return found[1].decode()


def _until(true: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
