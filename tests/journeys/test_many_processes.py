"""PostgreSQL and many processes: the same house, each role in processes of its own."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import httpx
import psycopg
import pytest

from tests.builders import Desk, folder_source
from tests.fakes import Sink, sinking

PEOPLE = 600

pytestmark = pytest.mark.long


@pytest.fixture
def many(desk: Desk, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Desk, Sink]]:
    """A house on PostgreSQL, ready to be run by many, with an announcement and some people."""
    monkeypatch.setenv("DIGEST_ENGINE__KIND", "procrastinate")
    desk.write("one", "First", "2025-05-06")
    (desk.folder / "people.csv").write_text("email\n" + "".join(f"p{n}@example.org\n" for n in range(PEOPLE)), "utf-8")
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port, digest='grace = "0"', database=postgres_url)
        desk.done("db", "upgrade")
        desk.done("collect")
        desk.done("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")
        yield desk, sink


def test_the_roles_together(many: tuple[Desk, Sink], postgres_url: str) -> None:
    """Sealed by one process, sent by two, shown by two; each leaves in peace, and nobody gets two."""
    desk, sink = many
    with ExitStack() as stack:
        bases = [stack.enter_context(desk.serving("web")) for _ in range(2)]
        for role in ("work", "work", "tick", "tick"):
            stack.enter_context(_role(desk, role))
        desk.done("editions", "compose", "newsflash")
        _until(lambda: len(sink.accepted) >= PEOPLE)
        pages = [f"{base}/editions/newsflash/" for base in bases]
        _until(lambda: all("No. 1" in httpx.get(page, trust_env=False).text for page in pages))
    assert {1} == set(Counter(to for to, _ in sink.accepted).values())
    assert [PEOPLE] == [each["accepted"] for each in desk.done("deliveries", "status", "--json").json()]
    with psycopg.connect(postgres_url) as connection:
        assert (0,) == connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone()


def test_a_worker_that_is_killed(many: tuple[Desk, Sink]) -> None:
    """Its shard goes on in another; whoever may have got two is listed as uncertain."""
    desk, sink = many
    with _role(desk, "work"):
        killed = desk.spawn("work")
        try:
            desk.done("editions", "compose", "newsflash")
            _until(lambda: len(sink.accepted) >= PEOPLE // 3)
        finally:
            killed.kill()
            killed.communicate()
        _until(lambda: len({to for to, _ in sink.accepted}) >= PEOPLE - 4)


@contextmanager
def _role(desk: Desk, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of a role, which leaves in peace when told to."""
    process = desk.spawn(*words)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert (0, False) == (process.returncode, b"Traceback" in err), err.decode()


def _until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
