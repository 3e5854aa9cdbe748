"""What became of an edition, told to the operators a day after and to whoever asks."""

from __future__ import annotations

import email
import email.policy
import sqlite3
from contextlib import closing

import pytest

from tests.builders import Desk, folder_source
from tests.fakes import sinking

ALERTS = '\n[alerts]\nto = ["office@example.org"]\n'


@pytest.mark.long
def test_a_day_after_operators_get_a_report_once(desk: Desk) -> None:
    """Accepted and refused, who left and who joined, a source that cannot be read; the same by command and as JSON."""
    desk.write("one", "Number one", "2025-05-06")
    gone = '[sources.gone]\nkind = "feed"\nurl = "http://127.0.0.1:1/feed"\n'
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder) + gone + ALERTS, smtp=sink.port)
        desk.run("collect")
        for name in ("ada", "bob", "cy"):
            desk.done("subscribers", "add", f"{name}@example.org", "--digest", "newsflash", "--confirmed")
        sink.refused["cy@example.org"] = "550 5.1.1 nobody here"
        desk.run("editions", "send", "newsflash", "--at", "2025-05-30")
        desk.done("subscribers", "unsubscribe", "bob@example.org")
        desk.done("subscribers", "add", "dee@example.org", "--digest", "newsflash", "--confirmed")
        desk.run("tick", "--once")
        found = desk.done("editions", "report", "newsflash", "--json").json()
        names = ("items", "audience", "accepted", "rejected", "left", "joined", "complaints")
        assert (1, 3, 2, 1, 1, 1, 0) == tuple(found[name] for name in names)
        assert ["gone never read"] == found["stale_sources"]
        assert (
            "2 of 3 letters were accepted, 1 rejected" in desk.done("editions", "report", "newsflash", "2025-05-30").out
        )
        assert [] == reports(sink.of("office@example.org"))
        with closing(sqlite3.connect(desk.folder / "var/digest.db")) as database, database:
            database.execute("UPDATE editions SET sent_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-25 hours')")
        desk.run("tick", "--once")
        desk.run("tick", "--once")
        assert ["Report on newsflash 2025-05-30"] == reports(sink.of("office@example.org"))


def reports(mails: list[bytes]) -> list[str]:
    subjects = [str(email.message_from_bytes(raw, policy=email.policy.default)["Subject"]) for raw in mails]
    return [each for each in subjects if "Report" in each]
