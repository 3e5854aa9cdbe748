"""`make bench`: how fast letters leave, side by side with the naive way and with Postfix's smtp-source, in one run.

A JSON object a line, then a table. Each case is a process of its own, in a copy of a prepared house, against a
sink written in C that runs in another; medians of three interleaved rounds. Only the ratios mean anything: the
machine is busy with other things. BENCH_QUICK=1 stays under two minutes; names of cases run those alone.

Then, for eyes alone, what the house takes around it: to say --help, to stand idle, to collect, to build feeds.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
sys.path.insert(0, str(REPOSITORY))

from tests.bench import sinks  # noqa: E402 - found only from here on
from tests.bench.told import tell  # noqa: E402

QUICK = bool(os.environ.get("BENCH_QUICK"))
CONNECTIONS = 10
LETTER = 30_000
Figures = dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Case:
    """So many messages, against a sink with these options; fewer and once where it has to be quick."""

    name: str
    count: int
    quick: int
    people: int
    """How many a prepared house must have."""
    sink: tuple[str, ...] = ()
    rounds: int = 3
    quick_rounds: int = 1

    @property
    def size(self) -> int:
        return (QUICK and self.quick) or self.count


CASES = (
    Case(name="full path", count=120_000, quick=40_000, people=1, quick_rounds=3),
    Case(name="smtp-source -d", count=120_000, quick=40_000, people=0, quick_rounds=3),
    Case(name="least", count=120_000, quick=40_000, people=1),
    Case(name="naive", count=600, quick=200, people=1, quick_rounds=3),
    Case(name="careful path", count=2_000, quick=500, people=1),
    Case(name="full path TLS", count=60_000, quick=20_000, people=1, sink=("-t",)),
    Case(name="pooled aiosmtplib TLS", count=2_000, quick=500, people=1, sink=("-t",)),
    Case(name="full path 20 ms", count=8_000, quick=4_000, people=1, sink=("-d", "20")),
    Case(name="pooled aiosmtplib 20 ms", count=800, quick=400, people=1, sink=("-d", "20")),
    Case(name="full path 10k", count=10_000, quick=0, people=1),
    Case(name="full path 1M", count=1_000_000, quick=0, people=1),
    Case(name="sealing", count=1_000_000, quick=100_000, people=2),
)


def main() -> int:
    """Run every case that this machine can, and tell."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        scratch = Path(name)
        program, secured = sinks.built(scratch)
        if program is None:
            sys.stderr.write("no C compiler: the sink cannot be built, and a slow one would measure itself\n")
            return 1
        bench = Bench(scratch, program, secured)
        asked = sys.argv[1:] or [case.name for case in CASES if case.quick or not QUICK]
        cases = [case for case in CASES if case.name in asked and bench.can(case)]
        found: dict[str, list[Figures]] = {case.name: [] for case in cases}
        for number in range(3):
            for case in cases:
                if number < (case.quick_rounds if QUICK else case.rounds):
                    found[case.name].append(bench.measured(case))
    medians = {
        named: {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
        for named, rounds in found.items()
    }
    for named, figures in medians.items():
        print(json.dumps({"case": named, **{name: round(value, 1) for name, value in figures.items()}}))
    tell(medians)
    if sys.argv[1:]:
        return 0
    # To whoever reads lines, what follows is no case: it is for eyes.
    sys.stdout.flush()
    return around()


def around() -> int:
    """What stands beside sending; the worst status of all."""
    programs = [path for path in (HERE / "signing.py", HERE / "around.py") if path.exists()]
    return max(
        subprocess.run([sys.executable, str(each)], cwd=REPOSITORY, env=environment(), check=False).returncode
        for each in programs
    )


class Bench:
    """The prepared houses, made when first asked for, and the sink."""

    def __init__(self, scratch: Path, program: Path, secured: bool) -> None:
        self._scratch = scratch
        self._program = program
        self._source = sinks.smtp_source()
        self._pair = sinks.certificate(scratch) if secured else ()

    def can(self, case: Case) -> bool:
        """Whether the case can be run here; says so when it cannot."""
        if case.name.startswith("smtp-source") and not self._source:
            sys.stderr.write("no smtp-source (Debian: postfix): nothing to measure beside\n")
            return False
        if "-t" in case.sink and not self._pair:
            sys.stderr.write(f"no OpenSSL headers (Debian: libssl-dev): no {case.name}\n")
            return False
        return True

    def measured(self, case: Case) -> Figures:
        """One round; every message must be at the sink."""
        folder = self._house(case)
        options = [
            str(word) for option in case.sink for word in ((option, *self._pair) if option == "-t" else (option,))
        ]
        with sinks.sink(self._program, *options) as sink:
            figures = self._run(case, folder, sink.port)
        shutil.rmtree(folder)
        if case.name == "sealing":
            return figures
        if sink.took != case.size:
            raise SystemExit(f"{case.name}: {sink.took} messages at the sink, not {case.size}")
        busy = sink.seconds / figures.pop("seconds")
        return figures | {"sink_us_per_message": sink.seconds / case.size * 1e6, "sink_busy_percent": busy * 100}

    def _run(self, case: Case, folder: Path, port: int) -> Figures:
        if case.name.startswith("smtp-source"):
            assert self._source
            return sinks.run_smtp_source(self._source, port, case.size, connections=CONNECTIONS, size=LETTER)
        command = [sys.executable, str(HERE / "case.py"), case.name, str(port), str(case.size)]
        certificate = {"BENCH_CERT": str(self._pair[0])} if self._pair else {}
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=folder, env=environment() | certificate, check=False
        )
        if done.returncode:
            raise SystemExit(f"{case.name}: {done.stderr}")
        figures: Figures = json.loads(done.stdout)
        return figures

    def _house(self, case: Case) -> Path:
        """A fresh copy of a house with as many people, sealed unless that is what is measured."""
        count, seal = {0: (1, "seal"), 1: (case.size, "seal"), 2: (case.size, "open")}[case.people]
        if case.name.startswith(("naive", "pooled")):
            count = 1
        made = self._scratch / f"house-{count}-{seal}"
        if not made.exists():
            made.mkdir()
            command = [sys.executable, str(HERE / "prepared.py"), str(made), str(count), seal]
            subprocess.run(command, cwd=made, env=environment(), check=True)
        return Path(shutil.copytree(made, self._scratch / "running"))


def environment() -> dict[str, str]:
    """The machine's, but for what the house would take for settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    return kept | {"PYTHONPATH": str(REPOSITORY)}


if __name__ == "__main__":
    sys.exit(main())
