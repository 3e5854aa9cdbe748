"""Operators hear at once, by mail, when a mailing stands still; and one may be stopped before its first letter."""

from __future__ import annotations

import email
import email.policy

from tests.builders import Desk, folder_source
from tests.fakes import Sink, sinking

OFFICE = "a.rather.long.name.for.an.office.in.which.somebody.reads@" + "long-" * 11 + "name.example.org"
ALERTS = f'\n[alerts]\nto = ["{OFFICE}"]\n'


def opened(desk: Desk, sink: Sink, people: int, *, database: str = "") -> None:
    """An announcement that is owed, and so many to write to."""
    desk.write("one", "First & foremost", "2025-05-06")
    rows = [f"person{number}@example.org" for number in range(people)]
    (desk.folder / "people.csv").write_text("\n".join(["email", *rows]), "utf-8")
    desk.declare(sources=folder_source(desk.folder) + ALERTS, smtp=sink.port, database=database)
    if database:
        desk.done("db", "upgrade")
    desk.done("collect")
    desk.done("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")


def told(sink: Sink) -> list[str]:
    """Subjects of what operators were told, but for proofs."""
    mails = [email.message_from_bytes(raw, policy=email.policy.default) for raw in sink.of(OFFICE)]
    return [each["Subject"] for each in mails if "[Proof]" not in each["Subject"]]


def test_operators_hear_of_a_pause_once(desk: Desk, store_url: str) -> None:
    """The relay refuses us: one note for the incident, in the same run; another for the next incident."""
    with sinking() as sink:
        opened(desk, sink, 3, database=store_url)
        sink.refused = {f"person{number}@example.org": "550 5.7.1 go away" for number in range(3)}
        assert 1 == desk.run("editions", "send", "newsflash", "--at", "2025-05-30").status
        desk.run("tick", "--once")
        assert ["Attention: newsflash 2025-05-30: A mailing stands still"] == told(sink)
        sink.refused = {}
        desk.done("editions", "resume", "newsflash", "2025-05-30")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30")
        assert 1 == len(told(sink))
        assert {"person0@example.org", "person1@example.org", "person2@example.org", OFFICE} == {
            to for to, _ in sink.accepted
        }


def test_stopped_in_its_grace(desk: Desk) -> None:
    """Paused before its first letter nothing goes; resumed, everything does."""
    with sinking() as sink:
        opened(desk, sink, 2)
        desk.done("editions", "compose", "newsflash", "--at", "2025-05-30")
        desk.done("editions", "pause", "newsflash", "2025-05-30", "--why", "a wrong figure")
        assert 1 == desk.run("editions", "send", "newsflash", "--at", "2025-05-30").status
        assert {OFFICE} >= {to for to, _ in sink.accepted}
        desk.done("editions", "resume", "newsflash", "2025-05-30")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30", "--grace", "0")
        assert 2 == len({to for to, _ in sink.accepted} - {OFFICE})
