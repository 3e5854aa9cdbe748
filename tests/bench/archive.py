"""First collection of archives of growing size, from a WordPress: `python tests/bench/archive.py [SIZE …]`.

A JSON object a line: seconds, microseconds of our CPU a post, and the
most memory that ours took. Each size is a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import resource
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
SERVER = """
import json, sys
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
COUNT = int(sys.argv[1])
TEXT = "<p>" + "Words of an announcement that somebody <strong>reads</strong>. " * 26 + "</p>"
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        page = int(parse_qs(urlsplit(self.path).query).get("page", ["1"])[0])
        numbers = range(COUNT - (page - 1) * 100, max(0, COUNT - page * 100), -1)
        posts = [{"id": n, "guid": {"rendered": f"https://example.org/?p={n}"}, "link": f"https://example.org/{n}/",
            "title": {"rendered": f"Announcement {n}"}, "content": {"rendered": TEXT},
            "date_gmt": (datetime(1994, 1, 1) + timedelta(hours=n)).isoformat()} for n in numbers]
        body = json.dumps(posts).encode()
        self.send_response(200)
        self.send_header("X-WP-TotalPages", str(-(-COUNT // 100)))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


async def collected(size: int, port: int, folder: str) -> None:
    store = connect(f"sqlite:///{folder}/digest.db")
    await upgrade(store)
    declared = {"site": {"kind": "wordpress", "url": f"http://127.0.0.1:{port}"}}
    settings = Settings.model_validate({"site": {"url": "https://news.example.org"}, "sources": declared})
    async with Fetcher(allow_private=("127.0.0.0/8",), gap=timedelta(0)) as fetcher:
        (report,) = await collect(store, settings, fetcher, now=NOW)
    assert (size, "") == (report.new, report.error)
    await store.close()


def measured(size: int) -> dict[str, object]:
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(size)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            asyncio.run(collected(size, int(server.stdout.readline()), folder))
            took = time.perf_counter() - began
    finally:
        server.kill()
        server.stdout.close()
    own = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "case": "archive",
        "posts": size,
        "seconds": round(took, 1),
        "cpu_us_a_post": round((own.ru_utime + own.ru_stime) / size * 1_000_000),
        "peak_mb": own.ru_maxrss // 1024,
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measured(int(sys.argv[2]))), flush=True)
    else:
        for each in sys.argv[1:] or ("1000", "10000", "100000"):
            subprocess.run([sys.executable, __file__, "--one", each], check=True)
