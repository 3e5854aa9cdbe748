"""Polling many sources that have nothing new: `python tests/bench/polling.py [SOURCES]`.

Each is a host of its own on loopback (127.0.x.y) and answers 304. One JSON object: the median CPU milliseconds a
source of some rounds, our threads included and the server's not, and the most memory that it took.
"""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta

from digest.collect.flow import collect
from digest.fetch import Fetcher
from digest.settings import Settings
from digest.store.database import connect
from digest.store.migrate import upgrade

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ROUNDS = 5
SERVER = """
import asyncio
BODY = b"<rss version='2.0'><channel><title>x</title><item><title>A</title><guid>a</guid></item></channel></rss>"
async def answer(reader, writer):
    head = await reader.readuntil(b"\\r\\n\\r\\n")
    if b"if-none-match" in head.lower():
        writer.write(b"HTTP/1.1 304 Not Modified\\r\\nETag: \\"1\\"\\r\\nConnection: close\\r\\n\\r\\n")
    else:
        head = b"HTTP/1.1 200 OK\\r\\nETag: \\"1\\"\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n"
        writer.write(head % len(BODY) + BODY)
    await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(answer, "0.0.0.0", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


async def polled(count: int, port: int, folder: str) -> list[float]:
    """CPU seconds of each round, after a first one that reads them all."""
    store = connect(f"sqlite:///{folder}/digest.db")
    await upgrade(store)
    hosts = (f"http://127.0.{number // 250}.{number % 250 + 1}:{port}/feed" for number in range(count))
    declared = {f"s{number}": {"kind": "feed", "url": url} for number, url in enumerate(hosts)}
    settings = Settings.model_validate({"site": {"url": "https://news.example.org"}, "sources": declared})
    took = []
    for number in range(ROUNDS + 1):
        began = time.process_time()
        async with Fetcher(allow_private=("127.0.0.0/8",)) as fetcher:
            reports = await collect(store, settings, fetcher, now=NOW + number * timedelta(minutes=30))
        took.append(time.process_time() - began)
        assert [] == [report.error for report in reports if report.error]
    await store.close()
    return took[1:]


def main(count: int) -> None:
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        with tempfile.TemporaryDirectory() as folder:
            took = asyncio.run(polled(count, int(server.stdout.readline()), folder))
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    row = {"case": "polling", "sources": count, "cpu_ms_a_source": round(statistics.median(took) / count * 1000, 2)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(row | {"peak_mb": peak}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1_000)
