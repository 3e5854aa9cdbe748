"""Alerts find another way when the main relay is what is broken; a dead man's address hears when all is well."""

from __future__ import annotations

import email
import email.policy
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.builders import Desk, folder_source
from tests.fakes import sinking

pytestmark = pytest.mark.long


@dataclass
class Listener:
    """Hears what is posted and asked for; `status` is its answer."""

    base: str = ""
    status: int = 204
    heard: list[tuple[str, str, bytes]] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Listener]:
    found = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            found.heard.append((self.command, self.path, body))
            self.send_response(found.status)
            self.send_header("location", "/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    found.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def opened(desk: Desk, alerts: str, *, digest: str = "") -> None:
    """An edition under way whose relay is down, and of which nothing got anywhere for an hour."""
    desk.write("one", "Number one", "2025-05-06")
    desk.declare(sources=folder_source(desk.folder) + f"\n[alerts]\n{alerts}\n", digest=digest)
    desk.done("collect")
    desk.done("subscribers", "add", "ada@example.org", "--digest", "newsflash", "--confirmed")
    desk.done("editions", "compose", "newsflash", "--at", "2025-05-30")
    later(desk, "UPDATE mailings SET active_at = {hour}, start_at = {hour}")
    later(desk, "UPDATE shards SET next_due = 0")


def later(desk: Desk, statement: str) -> None:
    """Let an hour have passed for some rows."""
    hour = "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-1 hour')"
    with closing(sqlite3.connect(desk.folder / "var/digest.db")) as database, database:
        database.execute(statement.format(hour=hour))


def test_a_second_sender_tells_that_the_first_is_down(desk: Desk) -> None:
    """The same alert in its own name, once; the proof, which is for nobody's alarm, stays with the first."""
    with sinking() as sink:
        more = f'[senders.backup]\nurl = "smtp://127.0.0.1:{sink.port}"\nfrom = "Backup <b@example.net>"'
        opened(desk, f'to = ["office@example.org"]\nsender = "backup"\n{more}')
        desk.run("tick", "--once")
        assert [] == sink.accepted
        later(desk, "UPDATE notes SET created_at = {hour}")
        for _ in range(3):
            desk.run("tick", "--once")
    [(to, raw)] = sink.accepted
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert ("office@example.org", "Backup <b@example.net>") == (to, str(message["From"]))
    assert "Attention: newsflash 2025-05-30 gets nowhere" == str(message["Subject"])


def test_a_webhook_is_told_once_for_all(desk: Desk) -> None:
    """Two operators, one post; what it does not take is posted again, and a redirect takes it nowhere else."""
    with listening() as hook:
        opened(desk, f'to = ["office@example.org", "b@example.org"]\nwebhook = "{hook.base}/in"')
        desk.run("tick", "--once")
        later(desk, "UPDATE notes SET created_at = {hour}")
        hook.status = 307
        desk.run("tick", "--once")
        assert ["/in"] == [path for _, path, _ in hook.heard]
        hook.status = 204
        for _ in range(3):
            desk.run("tick", "--once")
    [_, (verb, path, body)] = hook.heard
    assert ("POST", "/in", True) == (verb, path, "gets nowhere" in json.loads(body)["text"])


def test_a_private_webhook_is_not_called_unless_it_may_be(desk: Desk) -> None:
    """The guard of all that goes out over HTTP holds for it, too."""
    with listening() as hook:
        opened(desk, f'to = ["office@example.org"]\nwebhook = "{hook.base}/in"')
        desk.config.write_text(desk.config.read_text().replace('allow_private = ["127.0.0.0/8"]', ""))
        desk.run("tick", "--once")
        later(desk, "UPDATE notes SET created_at = {hour}")
        ran = desk.run("tick", "--once")
    assert ([], False) == (hook.heard, hook.base in ran.err + ran.out)


def test_a_dead_mans_address_is_asked_for_when_a_due_edition_is_settled(desk: Desk) -> None:
    """Once for each slot: not while its edition is under way, when it is sent, and when nothing was owed."""
    with listening() as man, sinking() as sink:
        opened(desk, "", digest=f'ping = "{man.base}/alive"\ngrace = "0"')
        desk.done("editions", "cancel", "newsflash", "2025-05-30", "--why", "only slots count")
        man.status = 200
        desk.done("schedule", "run-now", "newsflash")
        desk.run("tick", "--once")
        assert [] == man.heard
        text = desk.config.read_text()
        desk.config.write_text(text.replace('"smtp://127.0.0.1:1"', f'"smtp://127.0.0.1:{sink.port}"'))
        for _ in range(3):
            desk.run("tick", "--once")
        assert [("GET", "/alive")] == [(verb, path) for verb, path, _ in man.heard]
        desk.done("schedule", "run-now", "newsflash")
        for _ in range(2):
            desk.run("tick", "--once")
        assert 2 == len(man.heard)
