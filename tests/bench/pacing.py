"""Three workers of one sender on PostgreSQL, at 14 a second together: `python -m tests.bench.pacing`.

A JSON object: the most in any second, the mean, and how many each worker sent; the same while other processes keep the
machine busy. On a machine with nothing else to do it takes two minutes, and the mean is 12.9 or more, else it fails.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import tempfile
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import sub
from pathlib import Path
from typing import LiteralString

import psycopg

from tests.builders import Desk
from tests.conftest import started
from tests.faults.counting import Counting, counting
from tests.faults.many import Process, furnish, processes, until

SECONDS = max(20.0, 60 * float(os.environ.get("SCALE") or 1))
WORKERS, LOOPS, RATE, MEAN = 3, 4, 14, 12.9
PEOPLE = round(10_300 + 8 * SECONDS)
"""Behind the first few, whom one worker sends alone, a shard for each worker, the last as large as it need be."""
_SHARDS: LiteralString = "SELECT accepted FROM shards WHERE number > 0 AND accepted > 0 ORDER BY number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced:
    """When letters were announced and when taken, before others wanted the machine as well, and then."""

    begun: Sequence[float]
    taken: Sequence[float]
    begun_busy: Sequence[float]
    taken_busy: Sequence[float]
    shares: Sequence[int]
    """How many of the first each worker sent."""

    def told(self) -> dict[str, object]:
        times = {"begun": self.begun, "taken": self.taken}
        busy = {"begun_busy": self.begun_busy, "taken_busy": self.taken_busy}
        each = {name: {"most": most(at), "mean": round(mean(at), 2)} for name, at in (times | busy).items()}
        return {"case": "pace", "shares": list(self.shares), **each}


def paced(desk: Desk, url: str) -> Paced:
    """Send at the pace for SECONDS with nothing beside it, then for a third of that beside LOOPS busy loops."""
    with counting() as sink:
        furnish(desk, url, smtp=sink.port, people=PEOPLE, rate=f"{RATE}/s")
        with processes(*(Process(desk, ("work",), desk.config) for _ in range(WORKERS))):
            desk.done("editions", "compose", "newsflash")
            until(lambda: len(_shares(url)) == WORKERS)
            first, before = sink.total, _shares(url)
            _sent(sink, SECONDS)
            last, after = sink.total, _shares(url)
            with _burning(LOOPS):
                _sent(sink, SECONDS / 3)
    return Paced(
        begun=sink.begun[first:last],
        taken=sink.times[first:last],
        begun_busy=sink.begun[last:],
        taken_busy=sink.times[last:],
        shares=list(map(sub, after, before)),
    )


def most(times: Sequence[float]) -> int:
    """That there are in any second."""
    return max(bisect_left(times, begin + 1) - at for at, begin in enumerate(times))


def mean(times: Sequence[float]) -> float:
    """How many a second."""
    return (len(times) - 1) / (times[-1] - times[0])


def _sent(sink: Counting, seconds: float) -> None:
    enough = sink.total + seconds * MEAN
    until(lambda: sink.total > enough, 3 * seconds)


def _shares(url: str) -> list[int]:
    """How many each worker has sent: it keeps its shard."""
    with psycopg.connect(url) as connection:
        return [int(accepted) for (accepted,) in connection.execute(_SHARDS)]


@contextmanager
def _burning(loops: int) -> Iterator[None]:
    """So many processes that do nothing, as fast as they can."""
    running = [multiprocessing.Process(target=_burn, daemon=True) for _ in range(loops)]
    for each in running:
        each.start()
    try:
        yield
    finally:
        for each in running:
            each.kill()


def _burn() -> None:
    while True:
        pass


def main() -> bool:
    os.environ["DIGEST_ENGINE__KIND"] = "procrastinate"
    server = started()
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = paced(Desk(Path(folder)), server.get_uri())
    finally:
        server.cleanup()
    print(json.dumps(found.told()))
    return mean(found.taken) >= MEAN


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
