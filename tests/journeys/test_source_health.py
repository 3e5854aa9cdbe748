"""A source in trouble is told of in words, the worst first, and by mail once when it fails and once when it is well."""

from __future__ import annotations

import email
import email.policy
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import Desk, folder_source, web_source
from tests.sites import Route, Site, answer

ALERTS = '\n[alerts]\nto = ["Office <office@example.org>", "ops@example.org"]\n'
FEED = b'<rss version="2.0"><channel><title>x</title>%s</channel></rss>'


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


def feed(*days: str) -> bytes:
    """A feed with an item for each day of 2025, given as `12 Mar`."""
    item = '<item><title>On {0}</title><guid isPermaLink="false">{0}</guid><pubDate>{0} 2025 08:00 GMT</pubDate></item>'
    return FEED % "".join(item.format(day) for day in days).encode()


def subjects(desk: Desk) -> list[tuple[str, str]]:
    """(address, subject) of the notes owed, in order."""
    with sqlite3.connect(desk.folder / "var/digest.db") as database:
        rows = database.execute("select address, message from notes order by id").fetchall()
    return [(row[0], email.message_from_bytes(row[1], policy=email.policy.default)["subject"]) for row in rows]


def test_one_note_an_incident_and_one_when_it_is_over(desk: Desk, site: Site) -> None:
    """A slip is none; what goes on is told once, and its end once; then a new one is told again."""
    desk.declare(sources=web_source("news", "feed", f"{site.url}/feed") + ALERTS)
    site.serve("/feed", feed("12 Mar"))
    desk.done("collect")
    good, bad = site.routes["/feed"], answer(b"", status=500)

    def visits(*routes: Route) -> list[tuple[str, str]]:
        for route in routes:
            site.routes["/feed"] = route
            desk.run("collect")
        return subjects(desk)

    assert visits(bad, good) == []
    down = [(address, "Attention: news cannot be read") for address in ("office@example.org", "ops@example.org")]
    well = [(address, "Attention: news can be read again") for address in ("office@example.org", "ops@example.org")]
    assert visits(bad, bad, bad, bad) == down
    assert visits(good, good) == down + well
    assert visits(bad, bad) == down + well + down


def test_the_rhythm_is_told_and_its_breach(desk: Desk, site: Site) -> None:
    """Usually every so many days, and how long silent now; the source that fails comes first."""
    desk.write("one", "One", "2025-05-06")
    desk.declare(
        sources=folder_source(desk.folder)
        + web_source("weekly", "feed", f"{site.url}/weekly")
        + web_source("broken", "feed", f"{site.url}/none")
    )
    site.serve("/weekly", feed("05 Mar", "12 Mar", "19 Mar", "26 Mar", "02 Apr"))
    desk.run("collect")
    rows = desk.done("sources", "list", "--json").json()
    assert [row["slug"] for row in rows] == ["broken", "weekly", "notes"]
    assert "404" in rows[0]["error"]
    assert rows[1]["rhythm_days"] == 7
    assert rows[1]["rhythm"].startswith("usually every 7 days, silent for ")
    assert rows[2]["rhythm"] == ""
    assert "usually every 7 days" in desk.done("sources", "list", COLUMNS="200").out


def test_what_is_gone_for_good_has_no_next_try(desk: Desk, site: Site) -> None:
    """Two answers of 410 end the asking, and the list says so: nothing is given up silently."""
    desk.declare(sources=folder_source(desk.folder) + web_source("press", "feed", f"{site.url}/gone"))
    site.serve("/gone", b"", status=410)
    for _ in range(2):
        desk.run("collect")
    (row,) = [row for row in desk.done("sources", "list", "--json").json() if row["slug"] == "press"]
    assert (row["next_check"], "not asked any more" in row["error"]) == (None, True)


def test_a_preview_says_what_it_does_not_know(desk: Desk) -> None:
    """A source that could not be read is named before the edition goes, with how long it has been unread."""
    desk.write("one", "Number one", "2025-05-10")
    gone = web_source("press", "feed", "http://127.0.0.1:9/feed")
    desk.declare(sources=folder_source(desk.folder) + gone)
    desk.run("collect")
    shown = desk.done("editions", "preview", "newsflash")
    assert "Mind: source press never read" in shown.out
    assert ["press never read"] == desk.done("editions", "preview", "newsflash", "--json").json()["stale"]


def test_a_folder_with_one_file_that_makes_no_sense_was_not_wholly_read(desk: Desk) -> None:
    """What could be read a moment ago is news all the same: it was not unread "for 0 hours"."""
    desk.write("one", "Number one", "2025-05-10")
    (desk.folder / "notes" / "two.md").write_text("no front matter")
    desk.declare(sources=folder_source(desk.folder))
    desk.run("collect")
    shown = desk.done("editions", "preview", "newsflash", "--json").json()
    assert ["notes not wholly read at its last visit"] == shown["stale"]


def test_a_source_that_nobody_asked_is_unread_too(desk: Desk) -> None:
    """The service stood still for nine days: nothing failed, and yet the preview says so."""
    desk.write("one", "Number one", "2025-05-10")
    desk.declare(sources=folder_source(desk.folder))
    desk.done("collect")
    assert [] == desk.done("editions", "preview", "newsflash", "--json").json()["stale"]
    with sqlite3.connect(desk.folder / "var/digest.db") as database:
        nine_days_ago = datetime.now(UTC) - timedelta(days=9, hours=1)
        database.execute("update sources set last_success_at = ?", [f"{nine_days_ago:%Y-%m-%dT%H:%M:%S.%fZ}"])
    assert ["notes unread for 9 days"] == desk.done("editions", "preview", "newsflash", "--json").json()["stale"]


@pytest.mark.long
def test_no_password_of_a_source_is_told(desk: Desk, site: Site) -> None:
    """In no table, error, list or note, whatever kind of source it is."""
    secret = site.url.replace("//", "//ann:s3cret@")
    kinds = ("feed", "wordpress", "page")
    desk.declare(sources="".join(web_source(kind, kind, f"{secret}/{kind}") for kind in kinds) + ALERTS)
    said = [desk.run("collect", *options, COLUMNS="300") for options in ([], [], ["--json"])]
    said += [desk.run("sources", *words, COLUMNS="300") for words in (["list"], ["list", "--json"], ["test", "page"])]
    with sqlite3.connect(desk.folder / "var/digest.db") as database:
        notes = database.execute("select message from notes").fetchall()
    assert 6 == len(notes)
    assert "s3cret" not in f"{said} {notes}"
