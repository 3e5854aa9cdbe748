"""`python -m tests.bench.serving`: a feed of 100 KB by `digest web`, beside one nginx worker and the same file.

A JSON object a line: answers a second of each and the processor time of one, medians of interleaved rounds, with
nginx against ours; then the 99th percentile of the latency of both at half our rate. Needs nginx and wrk, and says
loudly when it lacks them. Only the ratios mean anything, and on a busy machine that of processor time first.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from digest.store.database import connect
from digest.store.migrate import upgrade
from tests.bench.publishing import put

ROUNDS = 3 if os.environ.get("BENCH_QUICK") else 5
SECONDS = 1 if os.environ.get("BENCH_QUICK") else 3
CONNECTIONS = 16
ENTRIES = 50
FEED = "/feeds/news.atom"
CONFIG = """
[site]
url = "http://127.0.0.1:8080"
[database]
url = "sqlite:///{folder}/digest.db"
[feeds.news]
title = "News"
entries = {entries}
"""
NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=16;
  keepalive_requests 1000000000;
  types {{ application/atom+xml atom; }}
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; root {folder}/out; }}
}}
"""
# Each connection waits some random time before each request: `mean` ms on average.
PATIENT = "function delay() return math.random(0, {twice}) end"


def main() -> int:
    """Measure both, and print what came of it."""
    missing = [name for name in ("nginx", "wrk") if shutil.which(name) is None]
    if missing:
        sys.stderr.write(f"NOT MEASURED: {' and '.join(missing)} not found; apt-get install nginx-light wrk\n")
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        asyncio.run(furnished(folder))
        with serving(folder) as ours, nginx(folder) as theirs:
            servers = {"nginx": theirs, "digest": ours}
            for case in ("200", "304"):
                print(json.dumps(compared(case, servers, folder)), flush=True)
    return 0


@dataclass(frozen=True)
class Server:
    """Where it is, and the process whose work counts."""

    base: str
    pid: int

    def busy_us(self) -> float:
        """The processor time it has taken, in microseconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1e6 / os.sysconf("SC_CLK_TCK")


def compared(case: str, servers: dict[str, Server], folder: Path) -> dict[str, object]:
    """Both servers' rates in turns, then ours at half its rate."""
    rates: dict[str, list[float]] = {name: [] for name in servers}
    costs: dict[str, list[float]] = {name: [] for name in servers}
    for _ in range(ROUNDS):
        for name, server in servers.items():
            before = server.busy_us()
            said = load(server.base, case)
            rates[name].append(rate(said))
            costs[name].append((server.busy_us() - before) / answers(said))
    medians = {name: statistics.median(each) for name, each in rates.items()}
    half = medians["digest"] / 2
    late = {name: percentile(at_rate(case, server, half, folder)) for name, server in servers.items()}
    return {
        "case": f"serving {case}",
        **{f"{name}_per_s": round(median) for name, median in medians.items()},
        "ratio": against(rates["digest"], rates["nginx"]),
        **{f"{name}_cpu_us": round(statistics.median(each), 1) for name, each in costs.items()},
        "cpu_ratio": against(costs["nginx"], costs["digest"]),
        "half_per_s": round(half),
        **{f"{name}_half_p99_ms": each for name, each in late.items()},
    }


def against(ours: list[float], theirs: list[float]) -> float:
    return round(statistics.median(one / other for one, other in zip(ours, theirs, strict=True)), 2)


def at_rate(case: str, server: Server, wanted: float, folder: Path) -> str:
    """What wrk says when many connections, each patient, come to so many answers a second, or nearly."""
    connections = 8 * CONNECTIONS
    (script := folder / "patient.lua").write_text(PATIENT.format(twice=round(2 * 1000 * connections / wanted)))
    return load(server.base, case, "-s", str(script), connections=connections)


def load(base: str, case: str, *options: str, connections: int = CONNECTIONS) -> str:
    """What wrk says; every answer must be the one that the case is about."""
    with urllib.request.urlopen(base + FEED) as answer:
        tag, length = answer.headers["etag"], len(answer.read())
    asked = ["-H", f"If-None-Match: {tag}"] if case == "304" else []
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", *options, *asked, base + FEED]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Socket errors" in said or "Non-2xx" in said:
        raise SystemExit(f"{base}: {said}")
    if not 90_000 < length < 110_000:
        raise SystemExit(f"the feed has {length} bytes")
    return said


def answers(said: str) -> int:
    return int(re.findall(r"(\d+) requests in", said)[0])


def rate(said: str) -> float:
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0])


def percentile(said: str) -> float:
    """The 99th, in milliseconds."""
    figure, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", said)[0]
    return round(float(figure) * {"us": 0.001, "ms": 1, "s": 1000}[unit], 2)


async def furnished(folder: Path) -> None:
    """A store with a feed's worth of announcements, and a config that publishes them."""
    (folder / "digest.toml").write_text(CONFIG.format(folder=folder, entries=ENTRIES))
    store = connect(f"sqlite:///{folder}/digest.db")
    await upgrade(store)
    await put(store, range(ENTRIES))
    await store.close()


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """The real thing, a process of its own; the same file laid out for nginx."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    environment["DIGEST_CONFIG"] = str(folder / "digest.toml")
    digest = [sys.executable, "-m", "digest"]
    build = [*digest, "feeds", "build", "--out", str(folder / "out")]
    subprocess.run(build, check=True, env=environment, stdout=subprocess.DEVNULL)
    with running([*digest, "web", "--port", str(port)], port, environment) as pid:
        yield Server(f"http://127.0.0.1:{port}", pid)


@contextmanager
def nginx(folder: Path) -> Iterator[Server]:
    """Its master, and the one worker that answers."""
    port = free_port()
    (conf := folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    with running(["nginx", "-p", str(folder), "-c", str(conf)], port, dict(os.environ)) as pid:
        children = Path(f"/proc/{pid}/task/{pid}/children")
        while not (workers := children.read_text().split()):
            time.sleep(0.05)
        yield Server(f"http://127.0.0.1:{port}", int(workers[0]))


@contextmanager
def running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        listening(port, process)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def listening(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"{process.args!r} ended")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
