"""An edition that was wrong: who has none yet gets it right, exactly the others get a note, page and feed say so."""

from __future__ import annotations

import email
import email.policy
import os
import time
from pathlib import Path

import feedparser
import pytest

from tests.builders import Desk, folder_source
from tests.fakes import HANG_UP, Sink, sinking

MANY = max(60, int(1000 * float(os.environ.get("SCALE") or 1)))
PART = MANY * 3 // 10
FEED = '\n[feeds.issues]\ntitle = "Issues"\nsources = ["editions"]\n'


def opened(desk: Desk, sink: Sink, *, people: int, limit: int = 0, database: str = "", send: bool = True) -> None:
    """An edition of May with a wrong figure, and so many to write to, `limit` of them in this hour."""
    desk.write("one", "Steel is down by 21 %", "2025-05-06")
    desk.write("two", "Another thing", "2025-05-07")
    rows = [f"person{number}@example.org" for number in range(people)]
    (desk.folder / "people.csv").write_text("\n".join(["email", *rows]), "utf-8")
    desk.declare(sources=folder_source(desk.folder) + FEED, smtp=sink.port, database=database)
    if limit:
        text = desk.config.read_text()
        desk.config.write_text(text.replace('rate = "unlimited"', f'rate = "unlimited"\nper_hour = {limit}'))
    if database:
        desk.done("db", "upgrade")
    desk.done("collect")
    desk.done("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")
    if send:
        desk.run("editions", "send", "newsflash", "--at", "2025-05-30")


def unlimited(desk: Desk, limit: int) -> None:
    desk.config.write_text(desk.config.read_text().replace(f"per_hour = {limit}\n", ""))


def texts(sink: Sink) -> dict[str, list[str]]:
    """Address → the texts of what it got."""
    found: dict[str, list[str]] = {}
    for address, raw in sink.accepted:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        body = message.get_body(("plain",))
        assert body is not None
        found.setdefault(address, []).append(f"{message['Subject']}\n{body.get_content()}")
    return found


def statuses(desk: Desk) -> list[tuple[int, str, int, int]]:
    rows = desk.done("deliveries", "status", "--json").json()
    return sorted((row["revision"], row["kind"], row["audience"], row["accepted"]) for row in rows)


@pytest.mark.long
def test_who_has_none_gets_the_second_revision_and_exactly_the_others_the_note(desk: Desk, store_url: str) -> None:
    """Three tenths were accepted: seven tenths get revision 2, three tenths the note; nobody both, nobody twice."""
    with sinking() as sink:
        opened(desk, sink, people=MANY, limit=PART, database=store_url)
        assert PART == len(sink.accepted)
        had = {to for to, _ in sink.accepted}
        unlimited(desk, PART)
        desk.write("one", "Steel is down by 12 %", "2025-05-06")
        words = ("--why", "the figure was turned round", "--note", "Steel is down by 12 %, not by 21 %.")
        said = desk.done("editions", "correct", "newsflash", "2025-05-30", *words).out
        assert f"{MANY - PART} have none yet and get it." in said
        assert f"{PART} have an earlier one, or may have it, and get the note." in said
        got = texts(sink)
    assert MANY == len(got)
    for address, letters in got.items():
        if address in had:
            first, note = letters
            assert ("21 %" in first, "Correction: Newsflash" in note, "12 %, not by 21" in note) == (True, True, True)
        else:
            [letter] = letters
            assert ("12 %" in letter, "21 %" in letter, "Correction" in letter) == (True, False, False)
    expected = [(1, "edition", MANY, PART), (2, "correction", PART, PART), (2, "edition", MANY - PART, MANY - PART)]
    assert expected == statuses(desk)
    [edition] = desk.done("editions", "list", "--json").json()
    assert ("sent", 2, MANY, MANY) == tuple(edition[name] for name in ("status", "revision", "audience", "accepted"))


@pytest.mark.long
def test_a_sent_edition_is_corrected_on_the_web_and_by_a_note(desk: Desk) -> None:
    """Page and feed say what was wrong; nobody gets the edition again."""
    with sinking() as sink:
        opened(desk, sink, people=2)
        [announcement] = [row for row in desk.done("announcements", "list", "--json").json() if "21" in row["title"]]
        name = announcement["id"].rpartition("/")[2]
        desk.done("editions", "edit", "newsflash", "2025-05-30", name, "--title", "Steel is down by 12 %")
        words = ("--why", "turned round", "--note", "It is 12 %, not 21 %.")
        desk.done("editions", "correct", "newsflash", "2025-05-30", *words)
        assert [["Newsflash May 2025", "Correction: Newsflash May 2025"]] * 2 == [
            [text.splitlines()[0] for text in letters] for letters in texts(sink).values()
        ]
    desk.done("feeds", "build", "--out", "public")
    [entry] = feedparser.parse(Path(desk.folder / "public/feeds/issues.atom").read_bytes()).entries
    assert ("It is 12 %, not 21 %." in entry.content[0].value, "down by 12 %" in entry.content[0].value) == (True, True)


@pytest.mark.long
def test_nothing_to_correct_leaves_it_paused(desk: Desk) -> None:
    """It is stopped first, and asked about afterwards; resumed it goes on as it was."""
    with sinking() as sink:
        opened(desk, sink, people=60, limit=55)
        refused = desk.run("editions", "correct", "newsflash", "2025-05-30", "--why", "who knows")
        assert (1, True) == (refused.status, "would say the same again" in refused.err)
        [edition] = desk.done("editions", "list", "--json").json()
        assert ("paused", 1) == (edition["status"], edition["revision"])
        desk.done("editions", "resume", "newsflash", "2025-05-30")
    [edition] = desk.done("editions", "list", "--json").json()
    assert ("sending", 5) == (edition["status"], edition["owed"])


@pytest.mark.long
def test_who_is_in_doubt_gets_the_note_and_no_second_edition(desk: Desk) -> None:
    """It may have arrived: whoever has it must not get another."""
    with sinking() as sink:
        sink.trouble["BODY"] = HANG_UP
        opened(desk, sink, people=3)
        assert 3 == len(desk.done("deliveries", "uncertain", "--json").json())
        sink.trouble.clear()
        desk.write("one", "Steel is down by 12 %", "2025-05-06")
        desk.done("editions", "correct", "newsflash", "2025-05-30", "--why", "wrong", "--note", "It is 12 %.")
        assert [["Correction: Newsflash May 2025"]] * 3 == [
            [text.splitlines()[0] for text in letters] for letters in texts(sink).values()
        ]


@pytest.mark.long
@pytest.mark.parametrize("status", ["sending", "sent"])
def test_no_doubt_of_an_earlier_revision_is_sent_again(desk: Desk, store_url: str, status: str) -> None:
    """Corrected half-way or when all was over: it stays listed, the command says so, and nobody gets revision 1."""
    with sinking() as sink:
        sink.trouble["BODY"] = HANG_UP
        opened(desk, sink, people=3, database=store_url)
        if status == "sent":
            # In doubt a second time, each waits for a person: nothing is owed any more.
            desk.run("deliveries", "retry", "--uncertain")
        [edition] = desk.done("editions", "list", "--json").json()
        assert (status, 3) == (edition["status"], edition["uncertain"])
        sink.trouble.clear()
        desk.write("one", "Steel is down by 12 %", "2025-05-06")
        desk.done("editions", "correct", "newsflash", "2025-05-30", "--why", "wrong", "--note", "It is 12 %.")
        again = desk.run("deliveries", "retry", "--uncertain")
        words = "Not sent again, but still listed: 3 in doubt of what was corrected or cancelled since."
        assert (1, True) == (again.status, words in again.out)
        assert [["note"]] * 3 == [[kind(text) for text in letters] for letters in texts(sink).values()]
    assert 3 == len(desk.done("deliveries", "uncertain", "--json").json())


@pytest.mark.long
@pytest.mark.parametrize("killed", [False, True])
def test_corrected_while_another_process_sends(desk: Desk, killed: bool) -> None:
    """It stops by itself, or was killed: each has the first revision and the note, or the second, and none has both."""
    with sinking() as sink:
        opened(desk, sink, people=60, send=False)
        desk.config.write_text(desk.config.read_text().replace('rate = "unlimited"', 'rate = "20/s"'))
        sending = desk.spawn("editions", "send", "newsflash", "--at", "2025-05-30")
        try:
            until = time.monotonic() + 60
            while len(sink.accepted) < 10 and time.monotonic() < until:
                time.sleep(0.05)
            if killed:
                sending.kill()
            desk.write("one", "Steel is down by 12 %", "2025-05-06")
            words = ("--why", "turned round", "--note", "Down by 12 %.", "--grace", "0")
            desk.run("editions", "correct", "newsflash", "2025-05-30", *words)
            desk.run("editions", "send", "newsflash", "--at", "2025-05-30")
        finally:
            sending.kill()
            sending.communicate()
        kinds = {address: [kind(text) for text in letters] for address, letters in texts(sink).items()}
    assert 60 == len(kinds)
    assert {("first", "note"), ("second",)} >= {tuple(each) for each in kinds.values()} - {("note",)}
    doubts = [address for address, each in kinds.items() if each == ["note"]]
    assert (len(doubts) <= 4 * killed, True) == (True, ["second"] in kinds.values())


def kind(text: str) -> str:
    """Which letter it is."""
    if text.startswith("Correction"):
        return "note"
    return "first" if "21 %" in text else "second"
