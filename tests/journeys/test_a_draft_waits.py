"""A draft made ahead: approved it goes at its time, unapproved it waits, merges, or goes as the digest says."""

from __future__ import annotations

import email
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import Desk, folder_source
from tests.fakes import sinking


@pytest.fixture
def house(desk: Desk) -> Desk:
    """One announcement, and a yearly digest in twenty days, whose draft is made forty days ahead."""
    desk.write("one", "Number one", "2025-05-10")
    ahead(desk)
    desk.done("tick", "--once")
    desk.done("tick", "--once")
    return desk


def ahead(desk: Desk, **keys: str) -> None:
    words = {"approval": "manual", "lead": "40 days", **keys}.items()
    desk.declare(sources=folder_source(desk.folder), digest="".join(f'{key} = "{value}"\n' for key, value in words))
    day = datetime.now(UTC) + timedelta(days=20)
    yearly = f"day {min(day.day, 28)} of {day:%b} 09:00"
    text = desk.config.read_text().replace("last fri 09:00", yearly)
    desk.config.write_text(f'{text}\n[alerts]\nto = ["office@example.org"]\n')


def listed(house: Desk) -> list[tuple[str, str]]:
    rows = house.done("editions", "list", "newsflash", "--json").json()
    return [(row["label"], row["status"]) for row in rows]


def come(house: Desk, label: str) -> None:
    """Let a draft's time have come."""
    with closing(sqlite3.connect(house.folder / "var/digest.db")) as database, database:
        database.execute("UPDATE editions SET slot_at = '2026-01-01T09:00:00.000000Z' WHERE label = ?", (label,))


def test_approved_early_it_goes_at_its_time(house: Desk) -> None:
    """Its label is its slot's date; sealed at once, and no mail before that moment."""
    [(label, status)] = listed(house)
    [edition] = house.done("editions", "list", "--json").json()
    assert "held" == status
    assert edition["slot"].startswith(label)
    house.done("subscribers", "add", "ana@example.org", "--digest", "newsflash", "--confirmed")
    house.done("editions", "approve", "newsflash", label)
    [mailing] = house.done("deliveries", "status", "--json").json()
    assert datetime.fromisoformat(mailing["next_due"]) >= datetime.fromisoformat(edition["slot"]) > datetime.now(UTC)


def test_the_draft_is_told_of(house: Desk) -> None:
    """The schedule says that the next draft is made, that one called off does not go; too long a lead is refused."""
    [(label, _)] = listed(house)
    time, _ = house.done("schedule", "next", "newsflash", "-n", "2", "--json").json()
    assert (label, True, ["its draft is made"]) == (time["local"][:10], time["goes"], time["notes"])
    house.done("editions", "cancel", "newsflash", label, "--why", "nobody is here")
    time, after = house.done("schedule", "next", "newsflash", "-n", "2", "--json").json()
    assert (False, ["cancelled: nobody is here"]) == (time["goes"], time["notes"])
    [line] = house.done("schedule", "list", "--json").json()
    assert after == line["next"]
    ahead(house, lead="366 days")
    refused = house.run("config", "check")
    assert (2, True) == (refused.status, "digests.newsflash.lead: is longer" in refused.err)


def test_unapproved_it_waits(house: Desk) -> None:
    """The operators get the draft itself with how to approve it; its time comes, it stays held, they are told once."""
    [(label, _)] = listed(house)
    draft = house.done("editions", "preview", "newsflash", "--draft", label, "--json").json()["fingerprint"]
    come(house, label)
    with sinking() as sink:
        house.config.write_text(house.config.read_text().replace('127.0.0.1:1"', f'127.0.0.1:{sink.port}"'))
        for _ in range(3):
            house.done("tick", "--once")
    assert [(label, "held")] == listed(house)
    asking, reminding = (str(email.message_from_bytes(raw)["Subject"]) for _, raw in sink.accepted)
    assert asking.startswith("[To approve] Newsflash")
    assert f"Attention: newsflash {label} waits" == reminding
    [asked, _] = (raw.decode() for _, raw in sink.accepted)
    assert f"--draft {draft[:12]}" in asked.replace("=\r\n", "")


def test_unapproved_it_goes_where_the_digest_says_so(house: Desk) -> None:
    """The clock approves it, and the audit says that nobody did."""
    [(label, _)] = listed(house)
    come(house, label)
    ahead(house, unapproved="send")
    house.done("tick", "--once")
    assert (label, "held") not in listed(house)


def test_a_draft_merges_into_the_next_with_its_wishes(house: Desk) -> None:
    """Nobody approved it before the next one was made: what was wished for it holds there."""
    [(label, _)] = listed(house)
    [announcement] = house.done("announcements", "list", "--json").json()
    house.done("editions", "edit", "newsflash", label, announcement["id"].rpartition("/")[2], "--title", "Otherwise")
    house.done("schedule", "run-now", "newsflash")
    house.done("tick", "--once")
    [(newer, status), (old, cancelled)] = listed(house)
    assert (label, "cancelled", "held") == (old, cancelled, status)
    shown = house.done("editions", "preview", "newsflash", "--draft", newer)
    assert "Otherwise" in shown.out


@pytest.mark.long
def test_a_crash_while_merging_loses_no_wish(house: Desk) -> None:
    """It is one transaction: until the next draft stands with all wishes, the first is held with them."""
    [(label, _)] = listed(house)
    [announcement] = house.done("announcements", "list", "--json").json()
    house.done("editions", "edit", "newsflash", label, announcement["id"].rpartition("/")[2], "--title", "Otherwise")
    house.done("schedule", "run-now", "newsflash")
    broken = "CREATE TRIGGER broken BEFORE INSERT ON draft_edits BEGIN SELECT RAISE(ABORT, 'cut short'); END"
    run(house, broken)
    house.spawn("tick", "--once").communicate(timeout=110)
    assert [(label, "held")] == listed(house)
    run(house, "DROP TRIGGER broken")
    house.done("tick", "--once")
    [(newer, status), (old, cancelled)] = listed(house)
    assert (label, "cancelled", "held") == (old, cancelled, status)
    assert "Otherwise" in house.done("editions", "preview", "newsflash", "--draft", newer).out


def run(house: Desk, statement: str) -> None:
    with closing(sqlite3.connect(house.folder / "var/digest.db")) as database, database:
        database.execute(statement)
