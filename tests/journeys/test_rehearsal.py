"""A rehearsal mails one address and acts on nobody; a test letter is marked, and nothing of it is kept."""

from __future__ import annotations

import email
import email.policy
import re
import sqlite3
from contextlib import closing
from email.message import EmailMessage

import pytest

from tests.builders import Desk, folder_source
from tests.fakes import Sink, sinking


def opened(desk: Desk, sink: Sink, *, head: str = "") -> None:
    desk.write("one", "Number one", "2025-05-06")
    desk.declare(sources=folder_source(desk.folder), smtp=sink.port)
    desk.config.write_text(head + desk.config.read_text())
    desk.done("collect")
    for name in ("ada", "bob"):
        desk.done("subscribers", "add", f"{name}@example.org", "--digest", "newsflash", "--confirmed")


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def parts(message: EmailMessage) -> list[str]:
    return [part.get_content() for part in message.walk() if not part.is_multipart()]


REHEARSAL = 'mode = "rehearsal"\nrehearse_to = "Ed <ed@example.org>"\n'


@pytest.mark.long
def test_a_rehearsal_mails_one_address(desk: Desk) -> None:
    """Letters and notes, each marked above and within, saying whose they would be, with links that know nobody."""
    with sinking() as sink:
        opened(desk, sink, head=REHEARSAL)
        desk.config.write_text(desk.config.read_text() + '[alerts]\nto = ["office@example.org"]\n')
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30")
    messages = [read(raw) for _, raw in sink.accepted]
    assert {"ed@example.org"} == {to for to, _ in sink.accepted}
    assert ["ada@example.org", "bob@example.org", "office@example.org"] == sorted(str(each["To"]) for each in messages)
    assert all(str(each["Subject"]).startswith("[Rehearsal] ") for each in messages)
    assert all("A rehearsal: everybody" in part for each in messages for part in parts(each))
    links = re.findall(r"/(?:unsubscribe|manage)/(\w+)", "".join(part for each in messages for part in parts(each)))
    assert {"rehearsal"} == set(links)


@pytest.mark.long
def test_a_store_that_was_rehearsed_with_does_not_go_live_unasked(desk: Desk) -> None:
    """What it believes to be sent nobody has: it is in quarantine until somebody claims it."""
    with sinking() as sink:
        opened(desk, sink, head=REHEARSAL)
        desk.config.write_text(desk.config.read_text().replace(REHEARSAL, ""))
        refused = desk.run("editions", "send", "newsflash", "--at", "2025-05-30")
        assert (1, True, []) == (refused.status, "rehearsed" in refused.err, sink.accepted)
        desk.done("db", "claim")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30")
        assert ["ada@example.org", "bob@example.org"] == sorted(to for to, _ in sink.accepted)


def test_a_rehearsal_without_an_address_is_refused(desk: Desk) -> None:
    """It must be said where everything goes."""
    desk.declare()
    desk.config.write_text('mode = "rehearsal"\n' + desk.config.read_text())
    refused = desk.run("config", "check")
    assert (2, True) == (refused.status, "rehearse_to" in refused.err)


@pytest.mark.long
def test_a_test_letter_leaves_no_row(desk: Desk) -> None:
    """It is marked in subject and body, its links lead to the front page, and no table tells of it."""
    with sinking() as sink:
        opened(desk, sink)
        desk.done("editions", "test-send", "newsflash", "--to", "me@example.org", "--at", "2025-05-30")
        [message] = [read(raw) for raw in sink.of("me@example.org")]
        sink.refused["me@example.org"] = "550 5.1.1 nobody here"
        refused = desk.run("editions", "test-send", "newsflash", "--to", "me@example.org", "--at", "2025-05-30")
    assert (1, True) == (refused.status, "nobody here" in refused.err)
    assert str(message["Subject"]).startswith("[Test] ")
    assert all("A test: this is how" in part for part in parts(message))
    assert not re.search(r"/(unsubscribe|manage)/\w", "".join(parts(message)))
    with closing(sqlite3.connect(desk.folder / "var/digest.db")) as database:
        kept = [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]
    assert [0] * len(TABLES) == kept


TABLES = ("notes", "editions", "mailings", "deliveries", "dispositions")
