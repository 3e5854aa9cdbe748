"""A draft in a person's hands: held, changed, approved by what it says."""

from __future__ import annotations

import asyncio
import getpass
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from digest.service.house import opened
from digest.service.sending import Request, Sent, send
from digest.settings import load
from tests.builders import Desk, folder_source

DIGEST = """approval = "manual"
[[digests.newsflash.sections]]
title = "Awards"
match = { title = "Award*" }
"""
LABEL = "2025-05-30"
AT = "2025-05-30T08:00Z"


@pytest.fixture
def house(desk: Desk) -> Desk:
    """Four announcements of May 2025, held in a draft."""
    for day, name in enumerate(("one", "two", "three", "four"), 10):
        desk.write(name, f"Number {name}", f"2025-05-{day}", summary=f"About {name}")
    desk.declare(sources=folder_source(desk.folder), digest=DIGEST)
    desk.done("collect")
    desk.done("editions", "hold", "newsflash", "--at", AT)
    return desk


def ids(house: Desk) -> dict[str, str]:
    """The last part of each id, by the last word of its title."""
    rows = house.done("announcements", "list", "--json").json()
    return {row["title"].split()[-1]: row["id"].rpartition("/")[2] for row in rows}


def edit(house: Desk, name: str, *words: str) -> str:
    return house.done("editions", "edit", "newsflash", LABEL, ids(house)[name], *words).out


def shown(house: Desk) -> dict[str, str]:
    return dict(house.done("editions", "preview", "newsflash", "--draft", LABEL, "--json").json())


@pytest.mark.long
def test_a_draft_is_changed_and_the_announcements_are_not(house: Desk) -> None:
    """Lead, place, section, words, introduction, one dropped: as sealed so previewed, and feeds stay as they were."""
    edit(house, "one", "--lead", "--title", "Mines & more agree", "--teaser", "In short")
    edit(house, "two", "--section", "awards")
    edit(house, "three", "--drop", "a rumour")
    words = house.folder / "words.md"
    words.write_text("Dear **readers**, see [us](https://example.org). <script>alert(1)</script> [no](javascript:x)")
    house.done("editions", "introduce", "newsflash", LABEL, str(words))
    seen = shown(house)
    html = house.done("editions", "preview", "newsflash", "--draft", LABEL, "--out", str(house.folder / "p.html"))
    page = (house.folder / "p.html").read_text()
    text = seen["text"]
    # The contents line names the sections, too.
    assert text.rindex("Mines & more agree") < text.index("Number four") < text.rindex("Awards")
    assert "Number three" not in seen["text"]
    assert "Dear readers" in seen["text"]
    assert ("<strong>readers</strong>" in page, "<script>" in page, 'javascript:x"' in page) == (True, False, False)
    assert "Draft: " in html.out
    house.done("editions", "approve", "newsflash", LABEL)
    sealed = house.done("editions", "show", "newsflash", LABEL, "--json").json()
    assert ["Mines & more agree", "Number four", "Number two"] == [entry["title"] for entry in sealed["entries"]]
    why = {row["title"]: row["why"] for row in house.done("editions", "explain", "newsflash", "--json").json()}
    assert "dropped: a rumour" == why["Number three"]
    assert "Number one" in {row["title"] for row in house.done("announcements", "list", "--json").json()}


def test_places_and_second_thoughts(house: Desk) -> None:
    """A place within the section; every wish can be taken back, and the draft is what it was."""
    before = edit(house, "one", "--place", "1").splitlines()
    assert ["Number four", "Number one", "Number three", "Number two"] == [
        f"Number {line.split('Number ')[1].split()[0]}" for line in before if "Number " in line
    ]
    first = shown(house)["fingerprint"]
    edit(house, "two", "--drop", "no", "--title", "Otherwise")
    assert first != shown(house)["fingerprint"]
    edit(house, "two", "--keep", "--title", "")
    assert first == shown(house)["fingerprint"]


def test_what_was_seen_is_approved(house: Desk) -> None:
    """A draft that changed since is refused by its fingerprint, and stays held; the new one passes."""
    seen = shown(house)["fingerprint"]
    edit(house, "one", "--title", "Otherwise")
    refused = house.run("editions", "approve", "newsflash", LABEL, "--draft", seen[:12])
    assert (1, True) == (refused.status, "look at it again" in refused.err)
    now = shown(house)["fingerprint"]
    assert f"{LABEL} is sealed" in house.done("editions", "approve", "newsflash", LABEL, "--draft", now[:8].upper()).out
    again = house.run("editions", "edit", "newsflash", LABEL, ids(house)["two"], "--lead")
    assert (2, True) == (again.status, "is sealed: its lead stays" in again.err)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("edit", "newsflash", LABEL, "nobody", "--lead"), 2, "nobody: is not in this draft"),
        (("edit", "newsflash", "2000-01-01", "x", "--lead"), 2, "2000-01-01"),
        (("edit", "newsflash", LABEL, "ONE", "--section", "Nowhere"), 2, 'no section is titled "Nowhere"'),
        (("edit", "newsflash", LABEL, "ONE", "--title", "x", "--language", "fr"), 2, 'has no version in "fr"'),
        (("edit", "newsflash", LABEL, "ONE", "--alt", "x"), 2, "has no picture"),
        (("introduce", "newsflash", LABEL, "gone.md"), 2, "gone.md: cannot be read"),
        (("approve", "newsflash", LABEL, "--draft", "ab"), 2, "name at least 6"),
        (("preview", "newsflash", "--draft", "2000-01-01"), 2, "2000-01-01"),
    ],
)
def test_what_cannot_be_is_said(house: Desk, words: tuple[str, ...], status: int, said: str) -> None:
    """With its reason; the draft stays as it is."""
    before = shown(house)["fingerprint"]
    ran = house.run("editions", *(ids(house)["one"] if word == "ONE" else word for word in words))
    assert (status, True) == (ran.status, said in ran.err), ran
    assert before == shown(house)["fingerprint"]


def test_a_template_is_no_introduction(house: Desk, tmp_path: Path) -> None:
    """Only files on disk are Jinja: what stands in braces is text."""
    words = tmp_path / "words.md"
    words.write_text("{{ site.title }} {% raise %}")
    house.done("editions", "introduce", "newsflash", LABEL, str(words))
    assert "{{ site.title }} {% raise %}" in shown(house)["text"]


@pytest.mark.long
def test_the_next_draft_takes_in_the_one_that_waits(house: Desk) -> None:
    """Made by hand, too: one waits at a time, with all that was wished; a preview of it said so."""
    edit(house, "one", "--title", "Otherwise")
    edit(house, "two", "--drop", "a rumour")
    house.write("five", "Number five", "2025-06-02")
    house.done("collect")
    before = house.done("editions", "preview", "newsflash", "--at", "2025-06-03", "--json").json()
    why = house.done("editions", "explain", "newsflash", "--at", "2025-06-03", "--json").json()
    house.done("editions", "hold", "newsflash", "--at", "2025-06-03")
    rows = house.done("editions", "list", "newsflash", "--json").json()
    told = [(row["label"], row["status"], row["items"], row["why"]) for row in rows]
    assert [
        ("2025-06-03", "held", 4, "waits for approval"),
        (LABEL, "cancelled", 0, "merged into 2025-06-03"),
    ] == told
    says = house.done("editions", "preview", "newsflash", "--draft", "2025-06-03", "--json").json()
    assert (before["fingerprint"], 4) == (says["fingerprint"], len(before["items"]))
    assert ["dropped: a rumour"] == [row["why"] for row in why if "dropped" in row["why"]]
    assert [False] == [row["owed"] for row in why if row["title"] == "Number two"]
    house.done("editions", "hold", "newsflash", "--at", "2025-06-03")
    rows = house.done("editions", "list", "newsflash", "--json").json()
    assert ["2025-06-03-2"] == [row["label"] for row in rows if row["status"] == "held"]


def test_a_draft_that_waits_is_shown_as_what_it_holds(house: Desk) -> None:
    """In the list by its number, and by its label with its titles; nothing is sealed by looking."""
    [row] = house.done("editions", "list", "--json").json()
    entries = house.done("editions", "show", "newsflash", LABEL, "--json").json()["entries"]
    assert (4, 4, "held") == (row["items"], len(entries), row["status"])


def test_what_send_shows_it_approves(house: Desk) -> None:
    """The draft by name and titles, before anything is sealed; the audit says who."""
    seen = shown(house)["fingerprint"]
    ran = house.run("editions", "send", "newsflash", "--approve")
    assert f"newsflash {LABEL} is draft {seen[:12]}:\n  Number four\n" in ran.out
    with closing(sqlite3.connect(house.folder / "var/digest.db")) as database:
        found = database.execute("SELECT who, subject, was, became FROM audit WHERE action = 'approve'").fetchall()
    assert [(getpass.getuser(), f"newsflash {LABEL}", "held", f"sealed {seen[:12]}")] == found


def test_a_draft_that_nobody_agrees_to_stays_held(house: Desk) -> None:
    """Asked on a terminal and told no: nothing was sealed, and it waits as before."""

    async def main() -> Sent:
        async with opened(load(house.config, {})) as opening:
            request = Request(
                digest="newsflash", at=None, grace=0, approve=True, ask=lambda _: False, progress=lambda *_: None
            )
            return await send(opening, request)

    seen = shown(house)["fingerprint"]
    assert Sent(words=f"newsflash {LABEL} stays held; nothing was sent.", settled=False) == asyncio.run(main())
    assert seen == shown(house)["fingerprint"]
