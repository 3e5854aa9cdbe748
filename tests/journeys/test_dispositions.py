"""Every way out of a draft, a hold, a pause or a grace gives each announcement what becomes of it, and no other."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.builders import Desk, folder_source
from tests.fakes import Sink, sinking

LABEL = "2025-05-30"
CARRIED = {"one": "carried", "two": "carried", "old": "owed"}
Way = Callable[[Desk, Sink], None]


def opened(desk: Desk, sink: Sink, **keys: str) -> None:
    """Three announcements, of which one comes too late to be owed at the end of May; and two people."""
    desk.write("one", "Number one", "2025-05-06")
    desk.write("two", "Number two", "2025-05-07")
    desk.write("old", "The next month's", "2025-06-02")
    words = {"approval": "manual", **keys}.items()
    declared = "".join(f'{key} = "{value}"\n' for key, value in words)
    desk.declare(sources=folder_source(desk.folder), smtp=sink.port, digest=declared)
    desk.done("collect")
    for name in ("ada", "bob"):
        desk.done("subscribers", "add", f"{name}@example.org", "--digest", "newsflash", "--confirmed")
    desk.done("editions", "hold", "newsflash", "--at", LABEL)


def drop(desk: Desk) -> None:
    [name] = [row["id"] for row in desk.done("announcements", "list", "--json").json() if "two" in row["title"]]
    desk.done("editions", "edit", "newsflash", LABEL, name.rpartition("/")[2], "--drop", "not for us")


def step(*words: str) -> Way:
    return lambda desk, _sink: void(desk.run("editions", words[0], "newsflash", LABEL, *words[1:]))


def void(_: object) -> None:
    return


CANCEL, APPROVE = step("cancel", "--why", "no"), step("approve")
PAUSE, RESUME = step("pause", "--why", "wait"), step("resume")


def send(desk: Desk, _sink: Sink) -> None:
    desk.run("editions", "send", "newsflash", "--at", LABEL)


def half(desk: Desk, sink: Sink) -> None:
    """One is accepted, the other is deferred."""
    sink.refused["bob@example.org"] = "450 4.2.1 later"
    send(desk, sink)


def refused(desk: Desk, sink: Sink) -> None:
    """Nobody gets it: the relay refuses us."""
    sink.refused |= dict.fromkeys(("ada@example.org", "bob@example.org"), "550 5.7.1 go away")
    send(desk, sink)


DROPPED = {"one": "carried", "two": "dropped", "old": "owed"}
OWED = dict.fromkeys(("one", "two", "old"), "owed")
WAYS: dict[str, tuple[list[Way], bool, str, dict[str, str]]] = {
    "held": ([], False, "held", OWED),
    "held, cancelled": ([CANCEL], False, "cancelled", OWED),
    "held with a drop, cancelled": ([CANCEL], True, "cancelled", {**OWED, "two": "dropped"}),
    "held, approved": ([APPROVE], False, "sealed", CARRIED),
    "held with a drop, approved": ([APPROVE], True, "sealed", DROPPED),
    "sealed, cancelled in its grace": ([APPROVE, CANCEL], False, "cancelled", OWED),
    "sealed with a drop, cancelled": ([APPROVE, CANCEL], True, "cancelled", {**OWED, "two": "dropped"}),
    "sealed, sent": ([APPROVE, send], False, "sent", CARRIED),
    "paused in its grace": ([APPROVE, PAUSE], False, "paused", CARRIED),
    "paused, cancelled before the first mail": ([APPROVE, PAUSE, CANCEL], False, "cancelled", OWED),
    "paused, resumed, sent": ([APPROVE, PAUSE, RESUME, send], False, "sent", CARRIED),
    "paused since all were refused, cancelled": ([APPROVE, refused, CANCEL], False, "cancelled", OWED),
    "paused after the first mail": ([APPROVE, half, PAUSE], False, "paused", CARRIED),
    "paused, cancelled after the first mail": ([APPROVE, half, PAUSE, CANCEL], False, "cancelled", CARRIED),
    "sending, cancelled after the first mail": ([APPROVE, half, CANCEL], False, "cancelled", CARRIED),
    "sent, and no way out": ([APPROVE, send, CANCEL], False, "sent", CARRIED),
    "cancelled, and no way out": ([CANCEL, APPROVE, RESUME], False, "cancelled", OWED),
}


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_every_way_out(desk: Desk, way: str) -> None:
    """Held or cancelled before the first mail it is owed, sealed it is carried, dropped it is out for good."""
    steps, dropping, status, expected = WAYS[way]
    with sinking() as sink:
        opened(desk, sink)
        if dropping:
            drop(desk)
        for each in steps:
            each(desk, sink)
    [edition] = desk.done("editions", "list", "--json").json()
    assert (status, expected) == (edition["status"], what_became(desk))


@pytest.mark.long
def test_below_its_least_it_is_skipped_and_all_stays_owed(desk: Desk) -> None:
    """A slot with too little is answered, and settles nothing."""
    with sinking() as sink:
        opened(desk, sink)
        CANCEL(desk, sink)
        desk.config.write_text(desk.config.read_text().replace('approval = "manual"', "min_items = 9"))
        desk.done("schedule", "run-now", "newsflash")
        desk.done("tick", "--once")
        desk.done("tick", "--once")
    statuses = [row["status"] for row in desk.done("editions", "list", "--json").json()]
    assert (["skipped", "cancelled"], OWED) == (statuses, what_became(desk))


@pytest.mark.long
def test_a_stale_source_holds_an_edition_where_it_should(desk: Desk) -> None:
    """With `on_stale = "hold"` it waits for a person and says for which source; without it goes."""
    gone = '\n[sources.gone]\nkind = "feed"\nurl = "http://127.0.0.1:1/feed"\n'
    with sinking() as sink:
        opened(desk, sink)
        CANCEL(desk, sink)
        text = desk.config.read_text().replace('approval = "manual"', 'on_stale = "hold"')
        desk.config.write_text(text + gone)
        desk.run("collect")
        assert "Mind: source gone never read" in desk.done("editions", "preview", "newsflash").out
        desk.done("editions", "compose", "newsflash", "--at", "2025-05-31")
        [held, _] = desk.done("editions", "list", "--json").json()
        assert ("held", "waits for approval: gone never read") == (held["status"], held["why"])
        assert OWED == what_became(desk)
        desk.done("editions", "approve", "newsflash", "2025-05-31")
        assert CARRIED == what_became(desk)


def what_became(desk: Desk) -> dict[str, str]:
    """Announcement → its disposition, "owed" for none."""
    query = (
        "SELECT lower(i.title), d.disposition FROM announcements a JOIN items i ON i.announcement_id = a.id"
        " LEFT JOIN dispositions d ON d.announcement_id = a.id"
    )
    names = {"number one": "one", "number two": "two", "the next month's": "old"}
    with closing(sqlite3.connect(desk.folder / "var/digest.db")) as database:
        return {names[title]: disposition or "owed" for title, disposition in database.execute(query)}
