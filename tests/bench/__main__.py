"""`make bench`: how fast letters leave, side by side with the naive way, in one run.

Then, for eyes alone, what the house takes around it: to say --help, to stand idle, to collect, to build feeds.
Each case is a process of its own, against a sink written in C; medians of three interleaved rounds. Only the
ratios mean anything: the machine is busy with other things. BENCH_QUICK=1 stays under two minutes.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
ROUNDS = 3
FIGURES = ("messages_per_s", "cpu_us_per_message", "peak_mb")
Figures = dict[str, float]


def main() -> int:
    """Run every case and print a JSON object a line, then a table."""
    quick = bool(os.environ.get("BENCH_QUICK"))
    sizes = {
        "full path": 4_000 if quick else 20_000,
        "careful path": 400 if quick else 2_000,
        "naive": 200 if quick else 600,
    }
    with tempfile.TemporaryDirectory() as scratch:
        program = built(Path(scratch))
        if program is None:
            sys.stderr.write("no C compiler: the sink cannot be built, and a slow one would measure itself\n")
            return 1
        rounds = [{case: measured(case, size, program) for case, size in sizes.items()} for _ in range(ROUNDS)]
    medians = {
        case: {figure: statistics.median(each[case][figure] for each in rounds) for figure in FIGURES} for case in sizes
    }
    for case, figures in medians.items():
        print(json.dumps({"case": case, **{name: round(value, 1) for name, value in figures.items()}}))
    tell(medians)
    # To whoever reads lines, what follows is no case: it is for eyes.
    sys.stdout.flush()
    around = subprocess.run([sys.executable, str(HERE / "around.py")], cwd=REPOSITORY, env=environment(), check=False)
    return around.returncode


def tell(medians: dict[str, Figures]) -> None:
    """The same for eyes, with what it is against the naive way."""
    print(f"\n{'case':<14}{'messages/s':>12}{'CPU µs each':>14}{'peak MB':>10}{'against naive':>16}")
    naive = medians["naive"]["messages_per_s"]
    for case, figures in medians.items():
        rate, cpu, peak = (figures[name] for name in FIGURES)
        print(f"{case:<14}{rate:>12,.0f}{cpu:>14,.0f}{peak:>10,.0f}{rate / naive:>15.1f}×")


def measured(case: str, size: int, program: Path) -> Figures:
    """One round of a case in a process of its own; every message must be at the sink."""
    with sink(program) as (port, counted):
        command = [sys.executable, str(HERE / "case.py"), case, str(port), str(size)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, env=environment(), check=False)
        if done.returncode:
            raise SystemExit(f"{case}: {done.stderr}")
    if counted() != size:
        raise SystemExit(f"{case}: {counted()} messages at the sink, not {size}")
    figures: Figures = json.loads(done.stdout)
    return figures


def environment() -> dict[str, str]:
    """The machine's, but for what the house would take for settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    return kept | {"PYTHONPATH": str(REPOSITORY)}


@contextmanager
def sink(program: Path) -> Iterator[tuple[int, object]]:
    """The sink's port, and what it has counted once the block has ended."""
    process = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port, total = int(process.stdout.readline()), -1
    try:
        yield port, lambda: total
    finally:
        rest, _ = process.communicate("")
        total = int(rest)


def built(folder: Path) -> Path | None:
    """The sink, compiled; None without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    program = folder / "sink"
    subprocess.run([compiler, "-O2", "-o", str(program), str(HERE / "sink.c")], check=True)
    return program


if __name__ == "__main__":
    sys.exit(main())
