"""`python -m tests.bench.pages`: 300 requests a second for public pages, of a process that sends an edition meanwhile.

A JSON object a line: the pages alone, and beside an edition at full speed. Requests begin when they are due, whether
or not earlier ones were answered, and their latency counts from then. The one that asks shares the machine: where
`cpu_share` and what others take come to more than there is, only the processor time means anything.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

from digest.settings.keys import Keyring
from digest.subscribers import tokens
from tests.bench import prepared
from tests.bench.serving import Server, free_port, running
from tests.bench.sinks import built, sink

RATE = int(os.environ.get("BENCH_RATE", "300"))
SECONDS = 5 if os.environ.get("BENCH_QUICK") else 15
PEOPLE = 60_000 if os.environ.get("BENCH_QUICK") else 200_000
CONNECTIONS = 32
WARM = 100
PATIENCE = 60
LEAD = 0.1
CASES = {"pages alone": "web", "pages while sending": "serve"}
LEFT = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO audit (at, who, action, subject, was, became, why)
SELECT strftime('%Y-%m-%dT%H:10:00.000000Z', 'now', '-1 day'), 'subscriber', 'unsubscribe', '', '', '', '' FROM n
"""
KEYS = Keyring.parse("t:only-for-tests-0123456789")
LEAVE = b"List-Unsubscribe=One-Click"


@dataclass
class Told:
    """Milliseconds of each answer, and answers that were none."""

    late: list[float] = field(default_factory=list)
    wrong: int = 0


def main() -> int:
    """Measure both, and print what came of it."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        program, _ = built(folder)
        if program is None:
            sys.stderr.write("NOT MEASURED: no C compiler\n")
            return 1
        with sink(program) as relay:
            for case, role in CASES.items():
                if sys.argv[1:] in ([], [case]):
                    print(json.dumps(measured(house(folder / role), case, role, relay.port)), flush=True)
    return 0


def house(folder: Path) -> Path:
    """One for each case, in which so many left in one hour of the past that these who leave are no storm."""
    folder.mkdir()
    os.chdir(folder)
    asyncio.run(prepared.prepare(folder, PEOPLE, seal=True))
    with sqlite3.connect(folder / "var/digest.db") as ledger:
        ledger.execute(LEFT, {"count": RATE * SECONDS})
    return folder


def measured(folder: Path, case: str, role: str, smtp: int) -> dict[str, object]:
    """One process, asked for some seconds."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    environment |= {"DIGEST_CONFIG": str(folder / "digest.toml"), "PYTHONPATH": str(Path(__file__).parents[2])}
    environment["DIGEST_SENDERS__MAIN__URL"] = f"smtp://127.0.0.1:{smtp}"
    command = [sys.executable, "-m", "digest", role, "--port", str(port)]
    with running(command, port, environment) as pid:
        server = Server(f"http://127.0.0.1:{port}", pid)
        if role == "serve":
            _wait_for_letters(folder)
        asyncio.run(asked(port, WARM))
        before, busy, began = accepted(folder), server.busy_us(), time.perf_counter()
        told = asyncio.run(asked(port, RATE * SECONDS))
        seconds, sent = time.perf_counter() - began - LEAD, accepted(folder) - before
        busy = server.busy_us() - busy
    late = statistics.quantiles(told.late, n=100)
    return {
        "case": case,
        "asked_per_s": RATE,
        "answered_per_s": round(len(told.late) / seconds, 1),
        "wrong": told.wrong,
        "p50_ms": round(late[49], 1),
        "p99_ms": round(late[98], 1),
        "worst_ms": round(max(told.late), 1),
        "messages_per_s": round(sent / seconds),
        "cpu_us_per_page": round(busy / len(told.late)),
        "cpu_share": round(busy / seconds / 1e6, 2),
    }


def accepted(folder: Path) -> int:
    """How many letters the ledger knows to be taken."""
    with sqlite3.connect(f"file:{folder}/var/digest.db?mode=ro", uri=True) as ledger:
        found = ledger.execute("select coalesce(sum(accepted), 0) from shards").fetchone()
    return int(found[0])


def _wait_for_letters(folder: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not accepted(folder):
        if time.monotonic() > until:
            raise SystemExit(f"not one letter was taken within {PATIENCE} s of starting; nothing was measured")
        time.sleep(0.05)


def requests() -> Iterator[bytes]:
    """Every page that a letter leads to, of somebody else each time, and one in fifty presses the button to leave."""
    for number in count(1):
        handle = f"{number % PEOPLE + 1:016d}"
        leave = f"/unsubscribe/{tokens.unsubscribe_token(KEYS, handle, 'newsflash')}"
        manage = f"/manage/{tokens.manage_token(KEYS, handle, 'newsflash')}"
        if number % 50 == 0:
            head = f"POST {leave} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            yield f"{head}Content-Length: {len(LEAVE)}\r\n\r\n".encode() + LEAVE
        else:
            path = (leave, manage, "/subscribe/newsflash", "/", "/editions/newsflash/2025-06-27")[number % 5]
            yield f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


async def asked(port: int, many: int) -> Told:
    """Ask so many times at the rate, over connections that are kept."""
    told, due = Told(), iter(enumerate(islice(requests(), many)))
    began = time.perf_counter() + LEAD
    await asyncio.gather(*(_one(port, due, began, told) for _ in range(CONNECTIONS)))
    return told


async def _one(port: int, due: Iterator[tuple[int, bytes]], began: float, told: Told) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number, request in due:
        at = began + number / RATE
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length[15:]))
        told.late.append((time.perf_counter() - at) * 1000)
        told.wrong += not head.startswith(b"HTTP/1.1 200")
    writer.close()


if __name__ == "__main__":
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        sys.stderr.write("NOT MEASURED: no C compiler\n")
        sys.exit(1)
    sys.exit(main())
