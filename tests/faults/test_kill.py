"""Killed at random, again and again, through the command line: nobody is lost, and every second copy is owned up to."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from pathlib import Path

import pytest

from tests.builders import Desk, folder_source

from .counting import Counting, counting

SCALE = float(os.environ.get("SCALE") or 1)
CONNECTIONS = 4
KILLS = 20
SEED = 20_260_626


@pytest.mark.long
def test_killed_twenty_times_in_one_mailing(tmp_path: Path) -> None:
    """Lost: none. Twice: at most one for each kill and connection, each listed as uncertain."""
    people, dice = round(20_000 * SCALE), random.Random(SEED)
    with counting() as sink:
        desk = sealed(tmp_path, sink, people)
        for _ in range(KILLS):
            worker = desk.spawn("editions", "send", "newsflash")
            killed(worker, sink, dice.randint(1, max(1, 2 * people // (KILLS + 4))), people)
        finished(desk, sink, people, kills=KILLS)


@pytest.mark.long
def test_two_workers_killed_in_turn(tmp_path: Path) -> None:
    """Who is left, or comes next, takes over what the other had; the same promise."""
    people, dice, kills = round(6_000 * SCALE), random.Random(SEED + 1), 8
    with counting() as sink:
        desk = sealed(tmp_path, sink, people)
        workers = [desk.spawn("editions", "send", "newsflash") for _ in range(2)]
        for kill in range(kills):
            killed(workers[kill % 2], sink, dice.randint(1, max(1, people // (kills + 4))), people)
            workers[kill % 2] = desk.spawn("editions", "send", "newsflash")
        for worker in workers:
            worker.communicate(timeout=170)
        finished(desk, sink, people, kills=kills)


@pytest.mark.long
def test_asked_to_stop_it_is_done_within_ten_seconds(tmp_path: Path) -> None:
    """What was dotted gets eight seconds to be answered, and is in doubt after that; nothing else was begun.

    Whoever supervises it waits for ten, and would kill it then.
    """
    with counting() as sink:
        desk = sealed(tmp_path, sink, 400)
        worker = desk.spawn("editions", "send", "newsflash")
        sink.until(lambda sink: sink.total >= 100)
        sink.mute = True
        # By now every connection waits for an answer that never comes.
        sink.until(lambda sink: sink.total >= 100 + CONNECTIONS)
        worker.send_signal(signal.SIGTERM)
        _, err = worker.communicate(timeout=10)
        assert b"Traceback" not in err
        doubts = desk.done("deliveries", "uncertain", "--json").json()
        [mailing] = desk.done("deliveries", "status", "--json").json()
        assert len(doubts) == mailing["uncertain"] <= CONNECTIONS
        assert mailing["owed"] + mailing["accepted"] + mailing["uncertain"] == 400
        sink.mute = False
        finished(desk, sink, 400, kills=1)


def sealed(folder: Path, sink: Counting, people: int) -> Desk:
    """An edition for so many people, sealed and not begun."""
    desk = Desk(folder)
    desk.declare(sources=folder_source(folder), smtp=sink.port)
    desk.write("one", "Something happened", "2025-06-20")
    lines = ("email,name", *(f"person{n}@example.org,Person {n}" for n in range(people)))
    (folder / "people.csv").write_text("\n".join(lines))
    desk.done("collect")
    desk.done("subscribers", "import", str(folder / "people.csv"), "--digest", "newsflash", "--confirmed")
    desk.done("editions", "compose", "newsflash")
    return desk


def killed(worker: subprocess.Popen[bytes], sink: Counting, after: int, people: int) -> None:
    """Kill a worker when so many more messages have been taken, and see its sessions end."""
    enough = min(sink.total + after, people)
    sink.until(lambda sink: sink.total >= enough)
    worker.kill()
    worker.communicate(timeout=60)


def finished(desk: Desk, sink: Counting, people: int, *, kills: int) -> None:
    """Send what is left and what is in doubt; then hold what was taken against what the ledger says."""
    sink.until(lambda sink: not sink.sessions)
    desk.shell("editions", "send", "newsflash")
    desk.shell("deliveries", "retry", "--uncertain")
    twice = {key: count for key, count in sink.taken.items() if count > 1}
    listed = {
        (each["message_id"], each["email"]) for each in desk.done("deliveries", "uncertain", "--all", "--json").json()
    }
    [mailing] = desk.done("deliveries", "status", "--json").json()
    assert (people, people, 0) == (len(sink.taken), mailing["accepted"], mailing["owed"] + mailing["uncertain"])
    assert sum(count - 1 for count in twice.values()) <= kills * CONNECTIONS
    assert set() == set(twice) - listed
    # Nor is anything called a doubt of which no dot can have been written.
    assert len(listed) <= kills * CONNECTIONS
