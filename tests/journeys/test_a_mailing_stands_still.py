"""Operators hear at once, by mail, when a mailing stands still; and one may be stopped before its first letter."""

from __future__ import annotations

import asyncio
import email
import email.policy
from datetime import UTC, datetime

from digest.model.deliveries import NoteKind
from digest.store import notes
from digest.store.database import connect
from tests.builders import Desk
from tests.fakes import Sink, sinking

OFFICE = "a.rather.long.name.for.an.office.in.which.somebody.reads@" + "long-" * 11 + "name.example.org"


def told(sink: Sink) -> list[str]:
    """Subjects of what operators were told, but for proofs."""
    mails = [email.message_from_bytes(raw, policy=email.policy.default) for raw in sink.of(OFFICE)]
    return [each["Subject"] for each in mails if "[Proof]" not in each["Subject"]]


def said(sink: Sink) -> str:
    """The text of the last of them, on one line."""
    mail = email.message_from_bytes(sink.of(OFFICE)[-1], policy=email.policy.default)
    body = mail.get_body(("plain",))
    return " ".join(body.get_content().split()) if body else ""


def test_operators_hear_of_a_pause_once(desk: Desk, store_url: str) -> None:
    """The relay refuses us: one note for the incident, in the same run; another for the next incident."""
    with sinking() as sink:
        desk.owe("First & foremost", 3, smtp=sink.port, database=store_url, alerts=OFFICE)
        sink.refused = {f"person{number}@example.org": "550 5.7.1 go away" for number in range(3)}
        assert 1 == desk.run("editions", "send", "newsflash", "--at", "2025-05-30").status
        desk.run("tick", "--once")
        assert ["Attention: newsflash 2025-05-30: A mailing stands still"] == told(sink)
        assert "digest editions resume newsflash 2025-05-30" in said(sink)
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
        desk.owe("First & foremost", 2, smtp=sink.port, alerts=OFFICE)
        desk.done("editions", "compose", "newsflash", "--at", "2025-05-30")
        desk.done("editions", "pause", "newsflash", "2025-05-30", "--why", "a wrong figure")
        twice = desk.run("editions", "pause", "newsflash", "2025-05-30", "--why", "a wrong figure")
        assert (1, "digest: newsflash 2025-05-30: is paused already\n") == (twice.status, twice.err)
        assert 1 == desk.run("editions", "send", "newsflash", "--at", "2025-05-30").status
        assert {OFFICE} >= {to for to, _ in sink.accepted}
        desk.done("editions", "resume", "newsflash", "2025-05-30")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30", "--grace", "0")
        assert 2 == len({to for to, _ in sink.accepted} - {OFFICE})


async def confirm(desk: Desk, *people: str) -> None:
    """Owe each of them a note."""
    store = connect(f"sqlite:///{desk.folder}/var/digest.db")
    words, now = b"Subject: hello\r\n\r\nhello\r\n", datetime.now(UTC)
    async with store.write() as tx:
        for each in people:
            await notes.add(
                tx, kind=NoteKind.CONFIRM, sender="main", address=each, message=words, dedupe_key=each, now=now
            )
    await store.close()


def test_operators_hear_of_notes_that_are_refused(desk: Desk) -> None:
    """Who wants to subscribe gets nothing, because the relay refuses us: one note says so, however many it refuses."""
    with sinking() as sink:
        desk.owe("First & foremost", 1, smtp=sink.port, alerts=OFFICE)
        sink.refused = dict.fromkeys(("ada@example.org", "bob@example.org"), "550 5.7.1 go away")
        asyncio.run(confirm(desk, *sink.refused))
        desk.done("tick", "--once")
        assert ["Attention: the relay of main refuses letters to one person"] == told(sink)
        assert "550 5.7.1 go away" in said(sink)
