"""One worker and two on PostgreSQL, a relay that answers after 20 ms: `python -m tests.bench.scaling [PEOPLE]`.

A JSON object a line: letters a second between a tenth and nine tenths of an edition, by what the ledger counts, and
two against one. It needs a C compiler for the sink.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from tests.bench import sinks
from tests.builders import Desk
from tests.conftest import started
from tests.faults.many import Process, furnish, processes, until

ACCEPTED = "SELECT coalesce(sum(accepted), 0) FROM shards"


def measured(desk: Desk, url: str, port: int, workers: int, people: int) -> float:
    """Letters a second."""
    furnish(desk, url, smtp=port, people=people, rate="unlimited")
    with processes(*(Process(desk, ("work",), desk.config) for _ in range(workers))):
        desk.done("editions", "compose", "newsflash")
        with psycopg.connect(url, autocommit=True) as connection:
            until(lambda: accepted(connection) >= people / 10, 600)
            begun, first = time.perf_counter(), accepted(connection)
            until(lambda: accepted(connection) >= people * 9 / 10, 600)
            return (accepted(connection) - first) / (time.perf_counter() - begun)


def accepted(connection: psycopg.Connection[tuple[int, ...]]) -> int:
    found = connection.execute(ACCEPTED).fetchone()
    return found[0] if found else 0


def main(people: int) -> None:
    os.environ["DIGEST_ENGINE__KIND"] = "procrastinate"
    rates = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        program, _ = sinks.built(folder)
        if program is None:
            raise SystemExit("no C compiler: the sink cannot be built")
        for workers in (1, 2):
            server = started()
            (folder / str(workers)).mkdir()
            with sinks.sink(program, "-d", "20") as sink:
                rates[workers] = measured(Desk(folder / str(workers)), server.get_uri(), sink.port, workers, people)
            server.cleanup()
            print(json.dumps({"case": "scaling", "workers": workers, "per_s": round(rates[workers])}), flush=True)
    print(json.dumps({"case": "two against one", "times": round(rates[2] / rates[1], 2)}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 20_000)
