"""An operator's day with people, by the command line alone."""

from __future__ import annotations

import csv
import io
import sqlite3
import stat

import pytest

from tests.builders import Desk, folder_source
from tests.fakes import sinking


def test_an_export_survives_a_spreadsheet_and_comes_back(desk: Desk) -> None:
    """Formulas are guarded on the way out and whole again on the way in; whoever left stays out."""
    desk.declare()
    names = {"=1+1@example.org": "=HYPERLINK(1)", "ana@example.org": "+49 Ana", "bo@example.org": "Bo"}
    for email, name in names.items():
        desk.done("subscribers", "add", email, "--digest", "newsflash", "--name", name, "--confirmed")
    desk.done("subscribers", "unsubscribe", "bo@example.org")
    desk.done("subscribers", "prefer", "ana@example.org", "--text-only")
    out = desk.done("subscribers", "export", "--digest", "newsflash").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "-", "@")]
    desk.done("subscribers", "export", "--out", "people.csv")
    assert 0o600 == stat.S_IMODE((desk.folder / "people.csv").stat().st_mode)
    (desk.folder / "var/digest.db").unlink()
    for name in ("digest.db-wal", "digest.db-shm", "witness", "diary"):
        (desk.folder / "var" / name).unlink(missing_ok=True)
    again = desk.run("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")
    assert (1, "2 imported, 0 there already, 1 refused.") == (again.status, again.out.splitlines()[0])
    listed = desk.done("subscribers", "list", "--json").json()
    assert ["ana@example.org"] == [each["email"] for each in listed if each["text_only"]]
    assert {email: name for email, name in names.items() if email[0] != "b"} == {
        each["email"]: each["name"] for each in listed
    }


def test_a_segment_is_chosen_by_language_attribute_and_time(desk: Desk) -> None:
    """What a list says of people besides comes in by a map, chooses, is shown, and survives an export."""
    desk.declare()
    land = 'email;Land;lang\nana@example.org;Chile;es-CL\nbo@example.org;Chile;en\ncy@example.org;"=Peru";es\n'
    (desk.folder / "people.csv").write_text(land, "utf-8")
    columns = ("--map", "email=email", "--map", "attribute.country=Land", "--map", "language=lang")
    desk.done("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed", *columns)

    def chosen(*words: str) -> list[str]:
        return [each["email"][:2] for each in desk.done("subscribers", "list", "--json", *words).json()]

    assert ["an", "bo"] == chosen("--attribute", "country=Chile")
    assert ["an"] == chosen("--attribute", "country=Chile", "--language", "es")
    assert [[], ["an", "bo", "cy"]] == [chosen("--joined-since", day) for day in ("2999-01-01", "2020-01-01")]
    assert {"country": "Chile"} == desk.done("subscribers", "show", "bo@example.org", "--json").json()["attributes"]
    desk.done("subscribers", "export", "--out", "out.csv")
    assert "'=Peru" in (desk.folder / "out.csv").read_text("utf-8")
    desk.done("subscribers", "forget", "cy@example.org")
    desk.done("subscribers", "add", "di@example.org", "--digest", "newsflash")
    again = desk.run("subscribers", "import", "out.csv", "--digest", "newsflash", "--confirmed")
    assert (1, ["an", "bo"]) == (again.status, chosen("--attribute", "country=Chile"))
    assert 2 == desk.run("subscribers", "list", "--attribute", "country").status
    wrong = desk.run("subscribers", "import", "people.csv", "--digest", "newsflash", "--map", "attribute.=Land")
    assert (2, True) == (wrong.status, "attribute.country" in wrong.err)


@pytest.mark.long
def test_a_digest_may_be_for_some_of_its_people(desk: Desk, store_url: str) -> None:
    """What is previewed is who gets it; who comes into the segment afterwards gets the next, and not that one.

    A correction goes to those who had it, whatever they are by then.
    """
    audience = 'audience = { language = "es", attributes = { country = "Chile" } }\n'
    desk.write("one", "First", "2025-05-06")
    rows = ["email,language,attribute.country", "ana@example.org,es-CL,Chile", "bo@example.org,en,Chile"]
    rows += ["cy@example.org,es,Peru", "di@example.org,,Chile", "em@example.org,es,Chile"]
    (desk.folder / "people.csv").write_text("\n".join(rows), "utf-8")
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port, database=store_url, digest=audience)
        desk.done("db", "upgrade")
        desk.done("collect")
        desk.done("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")
        previewed = desk.done("editions", "preview", "newsflash", "--at", "2025-05-30T08:00Z", "--json").json()
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30T08:00Z")
        first = sorted(to for to, _ in sink.accepted)
        (desk.folder / "more.csv").write_text("email,attribute.country\ncy@example.org,Chile\n", "utf-8")
        desk.done("subscribers", "import", "more.csv", "--digest", "newsflash", "--confirmed")
        (desk.folder / "less.csv").write_text("email,attribute.country\nem@example.org,Peru\n", "utf-8")
        desk.done("subscribers", "import", "less.csv", "--digest", "newsflash", "--confirmed")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30T08:00Z")
        assert first == sorted(to for to, _ in sink.accepted)
        desk.write("one", "First, put right", "2025-05-06")
        words = ("--why", "turned round", "--note", "It is the other way round.")
        desk.done("editions", "correct", "newsflash", "2025-05-30", *words)
        assert first == sorted(to for to, _ in sink.accepted[len(first) :])
        desk.write("two", "Second", "2025-06-06")
        desk.done("collect")
        desk.done("editions", "send", "newsflash", "--at", "2025-06-27T08:00Z")
        second = sorted(to for to, _ in sink.accepted[2 * len(first) :])
    assert (2, "language es, country Chile") == (previewed["audience"], previewed["only"])
    assert ["ana@example.org", "em@example.org"] == first
    assert ["ana@example.org", "cy@example.org"] == second


def test_one_person_is_shown_whole_and_forgotten(desk: Desk) -> None:
    """Each edition with its outcome and Message-ID; afterwards no file of the house holds the address."""
    desk.write("one", "First", "2025-05-06")
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port)
        desk.done("collect")
        desk.done("subscribers", "add", "ana@example.org", "--digest", "newsflash", "--confirmed")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30T08:00Z")
        [letter] = sink.of("ana@example.org")
    shown = desk.done("subscribers", "show", "ana@example.org", "--json").json()
    [edition] = shown["editions"]
    assert ("newsflash", "2025-05-30", "accepted") == tuple(edition[name] for name in ("digest", "edition", "outcome"))
    assert f"Message-ID: {edition['message_id']}".encode() in letter
    desk.done("subscribers", "forget", "ana@example.org")
    assert desk.run("subscribers", "show", "ana@example.org").status == 2
    assert desk.run("subscribers", "add", "ana@example.org", "--digest", "newsflash").status == 2


@pytest.mark.long
def test_a_wave_of_suppressions_is_undone(desk: Desk) -> None:
    """By domain and date, what is before, after and elsewhere staying; not without saying which, and never a
    complaint by accident.
    """
    desk.declare()
    waves = {"old@big.example": "2026-03-01", "ana@big.example": "2026-04-02", "bo@big.example": "2026-04-03"}
    waves |= {"cy@small.example": "2026-04-02", "di@notbig.example": "2026-04-02", "new@big.example": "2026-04-04"}
    waves |= {"angry@big.example": "2026-04-02"}
    (desk.folder / "people.csv").write_text("\n".join(["email", *waves]), "utf-8")
    desk.done("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")
    for email in waves:
        desk.done("suppressions", "add", email, "--source", "a storm")
    with sqlite3.connect(desk.folder / "var/digest.db") as ledger:
        for email, day in waves.items():
            ledger.execute("update suppressions set at = ? where email = ?", (f"{day}T08:00:00.000000Z", email))
        ledger.execute("update suppressions set reason = 'complaint' where email = 'angry@big.example'")
    assert desk.run("suppressions", "remove").status == 2
    window = ("--since", "2026-04-02", "--until", "2026-04-04")
    undone = desk.done("suppressions", "remove", "--domain", "@BIG.example", *window)
    assert "2 addresses may be written to again.\n" == undone.out
    left = desk.done("suppressions", "list", "--json").json()
    gone = {"ana@big.example", "bo@big.example"}
    assert waves.keys() - gone == {each["email"] for each in left}
    assert {"a storm"} == {each["source"] for each in left}
    with sqlite3.connect(desk.folder / "var/digest.db") as ledger:
        open_ = ledger.execute("select email from subscribers where not suppressed").fetchall()
    assert gone == {email for (email,) in open_}
    assert desk.run("suppressions", "list", "--reason", "bad luck").status == 2
