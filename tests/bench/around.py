"""What the house takes besides sending: to answer, to stand idle, to read a site, to build its feeds."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.builders import Desk, web_source
from tests.fakes import Post, Site, served, utc

ENTRIES = 100
Row = tuple[str, float, str]


def rows(rounds: int = 3) -> list[Row]:
    """(what, figure, unit), each the median of so many rounds, and a process of its own each time."""
    with tempfile.TemporaryDirectory() as scratch:
        measured = [_round(Path(scratch) / str(number)) for number in range(rounds)]
    return [
        (what, statistics.median(each[place][1] for each in measured), unit)
        for place, (what, _, unit) in enumerate(measured[0])
    ]


def _round(folder: Path) -> list[Row]:
    folder.mkdir()
    desk = Desk(folder)
    began = utc(2025, 1, 1)
    posts = [
        Post(number, f"Announcement number {number}", began + timedelta(hours=number)) for number in range(ENTRIES)
    ]
    with served(Site(posts)) as site:
        desk.declare(sources=web_source("site", "feed", f"{site.base}/feed/"))
        desk.shell("db", "upgrade")
        return [
            ("digest --help", _seconds(lambda: desk.shell("--help")), "s"),
            (f"collect {ENTRIES} entries of RSS", _seconds(lambda: desk.shell("collect")), "s"),
            ("collect, nothing new", _seconds(lambda: desk.shell("collect")), "s"),
            ("feeds build", _seconds(lambda: desk.shell("feeds", "build", "--out", "out")), "s"),
            ("digest serve, idle", _idle(desk), "MB"),
        ]


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _idle(desk: Desk) -> float:
    """The memory of a service that nobody asks anything, once its first look around is over."""
    with desk.process("serve") as serving:
        status, looks = Path(f"/proc/{serving.pid}/status"), deque([0], maxlen=10)
        while len(looks) < 10 or max(looks) - min(looks) > 1024:
            looks += map(int, re.findall(r"VmRSS:\s+(\d+)", status.read_text()) if status.exists() else ())
            time.sleep(0.2)
    return looks[-1] / 1024


def main() -> int:
    """Print the table; what stands in it is no case of the bench's JSON lines."""
    for name in [name for name in os.environ if name.startswith("DIGEST_")]:
        del os.environ[name]
    try:
        found = rows(1 if os.environ.get("BENCH_QUICK") else 3)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"the house around: {error}\n")
        return 1
    print(f"\n{'around it':<32}{'takes':>10}")
    for what, figure, unit in found:
        print(f"{what:<32}{figure:>7.{0 if unit == 'MB' else 2}f} {unit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
