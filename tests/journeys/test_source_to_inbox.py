"""The whole way by the command line alone: from a folder of Markdown to an inbox, and out again."""

from __future__ import annotations

import email
import email.policy
import re
import signal
import subprocess
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.builders import Desk, folder_source
from tests.fakes import free_port, sinking

PEOPLE = """email,name,language
ana@example.org,Ana,es
not an address,Nobody,en
bob@example.com,"Bob ""the"" Builder",en
chloé@bücher.example,Chloé,fr
"""


@pytest.fixture
def house(desk: Desk) -> Desk:
    """Two announcements of May, one of June, and three people."""
    desk.write("one", "First & foremost", "2025-05-06")
    desk.write("two", "Second", "2025-05-20")
    desk.write("three", "Third", "2025-06-10")
    (desk.folder / "people.csv").write_text(PEOPLE, "utf-8")
    desk.declare(sources=folder_source(desk.folder))
    return desk


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_from_a_folder_to_an_inbox(house: Desk) -> None:
    """Check, collect, build, import, preview, explain, send; run again it sends nothing."""
    house.done("config", "check")
    house.done("collect")
    house.done("feeds", "build", "--out", str(house.folder / "public"))
    imported = house.run("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")
    shown = house.done("editions", "preview", "newsflash", "--at", "2025-05-30T08:00Z", "--out", "letter.html")
    weighed = house.done("editions", "explain", "newsflash", "--at", "2025-05-30T08:00Z", "--json").json()
    with sinking() as sink:
        house.declare(sources=folder_source(house.folder), smtp=sink.port)
        sent = house.done("editions", "send", "newsflash", "--at", "2025-05-30T08:00Z")
        house.done("editions", "send", "newsflash", "--at", "2025-05-30T08:00Z")
        listed = house.done("editions", "list", "--json").json()
    plain = {path.name for path in (house.folder / "public/feeds").iterdir() if path.suffix != ".gz"}
    assert {"news.atom", "news.rss", "news.json", "index.html", "feed.css", ".laid"} == plain
    assert (1, "3 imported") == (imported.status, imported.out.split(",")[0])
    assert "not an address" in imported.out
    assert "First & foremost" in shown.out
    assert "First &amp; foremost" in (house.folder / "letter.html").read_text()
    assert {"First & foremost": True, "Second": True, "Third": False} == {
        each["title"]: each["owed"] for each in weighed
    }
    assert all(each["why"] for each in weighed)
    assert "3 accepted" in sent.out
    assert ["ana@example.org", "bob@example.com", "chloé@xn--bcher-kva.example"] == sorted(
        to for to, _ in sink.accepted
    )
    assert [("2025-05-30", "sent", 3, 3)] == [
        (each["label"], each["status"], each["audience"], each["accepted"]) for each in listed
    ]
    message = read(sink.of("ana@example.org")[0])
    assert ["text/plain", "text/html"] == [part.get_content_type() for part in message.iter_parts()]
    assert [] == list(message.defects)


@pytest.mark.long
def test_leaving_is_heeded_by_the_next_edition(house: Desk) -> None:
    """One press in the mail program, over real HTTP, and the next edition goes to the others only."""
    port = free_port()
    with sinking() as sink:
        house.declare(sources=folder_source(house.folder), smtp=sink.port)
        house.done("collect")
        house.run("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")
        house.done("editions", "send", "newsflash", "--at", "2025-05-30T08:00Z")
        link = str(read(sink.of("bob@example.com")[0])["List-Unsubscribe"]).strip("<>")
        serving = serve(house, port)
        try:
            path = link.removeprefix("http://127.0.0.1:8080")
            answers = [press(port, path) for _ in range(2)]
            feed = httpx.get(f"http://127.0.0.1:{port}/feeds/news.atom", trust_env=False)
            etag = {"If-None-Match": feed.headers["etag"]}
            again = httpx.get(f"http://127.0.0.1:{port}/feeds/news.atom", headers=etag, trust_env=False)
        finally:
            serving.send_signal(signal.SIGTERM)
            _, err = serving.communicate(timeout=30)
        sink.accepted.clear()
        house.done("editions", "send", "newsflash", "--at", "2025-06-27T08:00Z")
    assert ([200, 200], 200, 304) == (answers, feed.status_code, again.status_code)
    assert (0, b"") == (serving.returncode, re.sub(rb"(?m)^.*level=info.*\n", b"", err))
    assert ["ana@example.org", "chloé@xn--bcher-kva.example"] == sorted(to for to, _ in sink.accepted)


def press(port: int, path: str) -> int:
    body = {"List-Unsubscribe": "One-Click"}
    return httpx.post(f"http://127.0.0.1:{port}{path}", data=body, trust_env=False).status_code


def serve(house: Desk, port: int) -> subprocess.Popen[bytes]:
    """`digest web`, once it says that it serves."""
    process = house.spawn("web", "--port", str(port))
    assert process.stdout is not None
    assert b"Serving" in process.stdout.readline()
    return process


def test_the_same_moment_is_the_same_edition(house: Desk) -> None:
    """`compose --at` twice seals once; a time to come is refused and says so."""
    house.done("collect")
    first = house.done("editions", "compose", "newsflash", "--at", "2025-05-30T08:00Z")
    again = house.done("editions", "compose", "newsflash", "--at", "2025-05-30T08:00Z")
    ahead = house.run("editions", "compose", "newsflash", "--at", "2999-01-01")
    assert "2 announcements, sealed as No. 1" in first.out
    assert "made already" in again.out
    assert (2, True) == (ahead.status, "future" in ahead.err)
    assert 1 == len(house.done("editions", "list", "--json").json())


def test_nothing_new_is_skipped(house: Desk) -> None:
    """An edition with nothing in it is not sent, and that is no failure."""
    house.done("collect")
    with sinking() as sink:
        house.declare(sources=folder_source(house.folder), smtp=sink.port)
        ran = house.done("editions", "send", "newsflash", "--at", "2021-01-01")
        assert ("skipped" in ran.out, sink.accepted) == (True, [])


def test_an_archive_is_baseline_unless_told(desk: Desk) -> None:
    """`announce_first = 0`: what stood there at the first visit is published and not mailed; what comes later is."""
    desk.write("old", "Old", "2025-05-06")
    desk.declare(sources=folder_source(desk.folder, first="0"))
    desk.done("collect")
    desk.write("new", "New", "2025-05-07")
    desk.done("collect")
    weighed = desk.done("editions", "explain", "newsflash", "--json").json()
    assert {"Old": False, "New": True} == {each["title"]: each["owed"] for each in weighed}


def test_the_clock_makes_the_edition(desk: Desk, tmp_path: Path) -> None:
    """A slot that comes while the clock ticks is composed, once, whoever ticks again; its mail goes out after grace."""
    desk.write("one", "First", "2025-05-06")
    with sinking() as sink:
        digest = 'grace = "0"\n'
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port, digest=digest)
        text = desk.config.read_text().replace('"last fri 09:00"', "'cron \"* * * * *\"'")
        desk.config.write_text(text)
        desk.done("collect")
        desk.done("subscribers", "add", "ana@example.org", "--digest", "newsflash", "--confirmed")
        desk.done("tick", "--once")
        rewind(tmp_path / "var/digest.db")
        for _ in range(2):
            desk.done("tick", "--once")
        listed = desk.done("editions", "list", "--json").json()
    assert ["ana@example.org"] == [to for to, _ in sink.accepted]
    assert ["sent"] == [each["status"] for each in listed if each["items"]]


def rewind(database: Path) -> None:
    """As if the clock had last been looked at five minutes ago."""
    import sqlite3
    from datetime import UTC, datetime, timedelta

    past = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    earlier: Any = (datetime.now(UTC) - timedelta(minutes=9)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE schedules SET looked_at = ?", (past,))
        connection.execute("UPDATE announcements SET first_seen_at = ?", (earlier,))


def test_a_test_letter_goes_to_one_and_seals_nothing(house: Desk) -> None:
    """`test-send` sends the real rendering, marked as a test."""
    house.done("collect")
    with sinking() as sink:
        house.declare(sources=folder_source(house.folder), smtp=sink.port)
        house.done("editions", "test-send", "newsflash", "--to", "me@example.org")
    assert sink.accepted[0][0] == "me@example.org"
    assert str(read(sink.accepted[0][1])["Subject"]).startswith("[Test] Newsflash")
    assert [] == house.done("editions", "list", "--json").json()
