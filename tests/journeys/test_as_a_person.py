"""The way that a person goes on the first day, each command a process of its own, `digest serve` at the end."""

from __future__ import annotations

import email
import email.policy
import re
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.builders import Desk
from tests.fakes import Sink, sinking

OFFICE = "office@example.org"
IDLE_MB = 130


@pytest.fixture
def begun(desk: Desk) -> Desk:
    """What `digest init` wrote, asked nothing, and an announcement in its folder."""
    assert 0 == desk.shell("init", "--defaults", "--path", str(desk.config)).status
    notes = desk.folder / "announcements"
    notes.mkdir(exist_ok=True)
    (notes / "one.md").write_text('---\ntitle: "First & foremost"\ndate: 2025-05-06\n---\nWhat it says.\n', "utf-8")
    desk.config.write_text(desk.config.read_text().replace("announce_first = 0 ", 'announce_first = "all" '))
    return desk


def told(desk: Desk, *words: str) -> str:
    """What a command says that must succeed, and say nothing on the other stream."""
    ran = desk.shell(*words)
    assert (0, "") == (ran.status, ran.err), ran
    return ran.out


def through(desk: Desk, sink: Sink) -> None:
    """From now on mail goes to the sink, and the clock has struck when it is looked at."""
    text = desk.config.read_text().replace("smtp://127.0.0.1:1025", f"smtp://127.0.0.1:{sink.port}")
    desk.config.write_text(text.replace('schedule = "last fri 09:00"', 'schedule = "last fri 09:00"\ngrace = "0"'))


@pytest.mark.long
def test_from_nothing_to_an_inbox_and_out_again(begun: Desk) -> None:
    """init, check, collect, import, look, send; serve; leave by the mail; the next edition skips who left."""
    (begun.folder / "people.csv").write_text("email\nana@example.org\nbob@example.org\nnobody\n", "utf-8")
    with sinking() as sink:
        through(begun, sink)
        assert "is right" in told(begun, "config", "check")
        assert re.search(r"(?m)^main +1 +1 +0 +0", told(begun, "collect"))
        begun.done("feeds", "build", "--out", "public")
        imported = begun.shell("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")
        assert (1, "2 imported, 0 there already, 1 refused.") == (imported.status, imported.out.splitlines()[0])
        at = ("newsflash", "--at", "2025-05-30")
        assert "First & foremost" in begun.done("editions", "preview", *at).out
        assert "First & foremost" in begun.done("editions", "explain", *at).out
        assert "2 accepted" in told(begun, "editions", "send", *at)
        begun.done("editions", "send", *at)
        # The first is the proof, to who hears of trouble.
        assert [OFFICE, "ana@example.org", "bob@example.org"] == [sink.accepted[0][0], *sorted(written(sink)[1:])]
        (begun.folder / "announcements/two.md").write_text("---\ntitle: Second\ndate: 2025-06-06\n---\nMore.\n")
        leave(begun, sink.of("bob@example.org")[0])
        sink.accepted.clear()
        begun.done("collect")
        assert "1 accepted" in told(begun, "editions", "send", "newsflash", "--at", "2025-06-27")
    assert [OFFICE, "ana@example.org"] == written(sink)
    assert "<title>First &amp; foremost</title>" in (begun.folder / "public/feeds/news.rss").read_text("utf-8")


def written(sink: Sink) -> list[str]:
    """To whom, in order."""
    return [to for to, _ in sink.accepted]


def leave(desk: Desk, raw: bytes) -> None:
    """Look at the page, which changes nothing, then press: RFC 8058 to the letter, against a running service."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    link = re.fullmatch(r"<http://127\.0\.0\.1:8080(/unsubscribe/\S+)>", str(message["List-Unsubscribe"]))
    assert link
    with desk.process("serve") as serving, httpx.Client(base_url=serving.base, trust_env=False) as browser:
        assert 200 == browser.get("/health/ready").status_code
        seen = browser.get(link[1])
        assert "bob@example.org" not in seen.text
        assert '"state": "confirmed"' in desk.done("subscribers", "show", "bob@example.org", "--json").out
        pressed = browser.post(link[1], data={"List-Unsubscribe": "One-Click"})
        forged = browser.post(link[1][:-3] + "xyz", data={"List-Unsubscribe": "One-Click"})
        assert (200, 200, True) == (seen.status_code, pressed.status_code, 400 <= forged.status_code < 500)
        assert resident(serving.pid) <= IDLE_MB
    assert '"state": "unsubscribed"' in desk.done("subscribers", "show", "bob@example.org", "--json").out


def resident(pid: int) -> float:
    """The memory that a process holds, in MB; 0 where nobody tells."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found else 0.0


@pytest.mark.long
def test_the_service_alone_does_it_all(begun: Desk) -> None:
    """`digest serve` collects, composes at the slot and sends, with nobody at the keyboard."""
    with sinking() as sink:
        through(begun, sink)
        begun.config.write_text(begun.config.read_text().replace('"last fri 09:00"', "'cron \"* * * * *\"'"))
        told(begun, "subscribers", "add", "ana@example.org", "--digest", "newsflash", "--confirmed")
        with begun.serving("serve") as base:
            wait_for(lambda: bool(sink.of("ana@example.org")))
            wait_for(lambda: "First &amp; foremost" in httpx.get(f"{base}/feeds/news.atom", trust_env=False).text)
    assert [OFFICE, "ana@example.org"] == written(sink)


def wait_for(condition: Callable[[], bool], patience: float = 100.0) -> None:
    """Until it holds; a minute's slot may be a minute away."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("words", "status", "about"),
    [
        (("editions", "compose", "newsflash", "--at", "2999-01-01"), 2, "future"),
        (("editions", "send", "newsflash", "--at", "2999-01-01"), 2, "future"),
        (("editions", "send", "newsflash", "--at", "31.12.2025"), 2, "31.12.2025"),
        (("editions", "preview", "newsflash", "--at", "2999-01-01"), 0, ""),
        (("editions", "explain", "newsflash", "--at", "2999-01-01"), 0, ""),
    ],
)
def test_a_time_to_come(desk: Desk, words: tuple[str, ...], status: int, about: str) -> None:
    """It may be looked at, and not acted upon; what cannot be read is said."""
    desk.write("one", "First", "2025-05-06")
    desk.declare(sources='[sources.notes]\nkind = "folder"\nurl = "notes"\nannounce_first = "all"\n')
    desk.done("collect")
    ran = desk.run(*words)
    assert (status, True) == (ran.status, about in ran.err), ran
    assert [] == desk.done("editions", "list", "--json").json()
