"""A bad day: the store is restored from a backup, or moved, and nobody gets a mail they should not."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.model.subscribers import SuppressionReason
from digest.store import suppressions
from digest.store.database import connect
from digest.subscribers import leaving
from tests.builders import Desk, folder_source
from tests.fakes import Sink, sinking

PEOPLE = [f"person{number}@example.org" for number in range(30)]
LEAVING = PEOPLE[:10]
TO = ("--digest", "newsflash")


@pytest.fixture
def url(request: pytest.FixtureRequest, desk: Desk) -> str:
    """The database of the desk."""
    if request.param == "sqlite":
        return f"sqlite:///{desk.folder}/var/digest.db"
    found: str = request.getfixturevalue("postgres_url")
    return found


on_both = pytest.mark.parametrize("url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True)


@on_both
def test_restored_and_claimed(desk: Desk, url: str) -> None:
    """Backup, ten leave, an edition goes out, restore, claim: no mail to the ten, and nothing twice."""
    with sinking() as sink:
        begin(desk, sink, url)
        desk.write("one", "Before the backup", "2025-05-06")
        desk.done("collect")
        desk.done("db", "backup", "safe/friday.db")
        desk.write("two", "After the backup", "2025-05-07")
        desk.done("collect")
        asyncio.run(leave(desk, url))
        desk.done("editions", "send", "newsflash")
        assert 20 == len(sink.accepted)

        full = desk.run("db", "restore", "safe/friday.db").err
        assert full.startswith(f"digest: {url.partition(':')[0]}://")
        assert ("is not empty" in full, "--replace" in full) == (True, True)
        desk.done("db", "restore", "safe/friday.db", "--replace")
        refused = desk.run("editions", "send", "newsflash")
        assert (1, True) == (refused.status, "digest db claim" in refused.err), refused
        assert "nothing" in desk.run("tick", "--once").err
        said = desk.done("db", "claim").out
        assert "8 people had left since, 2 suppressions" in said
        assert "1 edition" in said

        desk.done("editions", "send", "newsflash")
        assert 20 == len(sink.accepted)
        desk.write("three", "After the claim", "2025-05-08")
        desk.done("collect")
        desk.done("editions", "send", "newsflash")
    assert {2: 20} == Counter(Counter(to for to, _ in sink.accepted).values())
    assert set() == {to for to, _ in sink.accepted} & set(LEAVING)
    # A mailbox shows only one of two letters that bear the same.
    assert 40 == len({re.findall(rb"(?m)^Message-ID: (.*)", raw)[0] for _, raw in sink.accepted})
    assert not any(b"fore the backup" in raw or b"After the backup" in raw for _, raw in sink.accepted[20:])


@pytest.mark.long
@on_both
def test_a_mailing_that_was_under_way(desk: Desk, url: str) -> None:
    """What the backup believes to be owed waits for a person: it may have gone out since."""
    with sinking() as sink:
        begin(desk, sink, url)
        desk.write("one", "First", "2025-05-06")
        desk.done("collect")
        desk.done("editions", "compose", "newsflash")
        desk.done("db", "backup", "safe.db")
        desk.done("editions", "send", "newsflash")
        desk.done("db", "restore", "safe.db", "--replace")
        assert "1 mailing waits" in desk.done("db", "claim").out
        assert "is paused" in desk.run("editions", "send", "newsflash").err
        assert "0 mails accepted" in desk.done("tick", "--once").out
    assert 30 == len(sink.accepted)


@pytest.mark.long
@on_both
def test_moved_to_the_other_kind(desk: Desk, url: str, request: pytest.FixtureRequest) -> None:
    """Every row is there and the same; the copy sends only when claimed, and then goes on."""
    other = f"sqlite:///{desk.folder}/other.db"
    if url.startswith("sqlite"):
        other = request.getfixturevalue("postgres_url")
    with sinking() as sink:
        begin(desk, sink, url)
        desk.write("one", "First", "2025-05-06")
        desk.done("collect")
        desk.done("editions", "send", "newsflash")
        tables = {row["table"]: row for row in desk.done("db", "copy", "--to", other, "--json").json()}
        assert (30, 30) == (tables["subscribers"]["rows"], tables["deliveries"]["rows"])
        assert "is not empty" in desk.run("db", "copy", "--to", other).err
        there = {"DIGEST_DATABASE__URL": other}
        assert 1 == desk.run("editions", "send", "newsflash", **there).status
        desk.done("db", "claim", **there)
        desk.write("two", "Second", "2025-05-07")
        desk.done("collect", **there)
        desk.done("editions", "send", "newsflash", **there)
        desk.done("subscribers", "add", "new@example.org", *TO, "--confirmed", **there)
    assert {2: 30} == Counter(Counter(to for to, _ in sink.accepted).values())


@pytest.mark.long
@on_both
def test_a_list_imported_anew_brings_nobody_back(desk: Desk, url: str) -> None:
    """Who came after the backup and left, or to a digest that they left, is kept out though the store never knew."""
    desk.declare(database=url)
    (desk.folder / "people.csv").write_text("email\n" + "\n".join(PEOPLE), "utf-8")
    into = ("subscribers", "import", "people.csv", *TO, "--confirmed")
    desk.done("db", "upgrade")
    desk.done("subscribers", "add", PEOPLE[1], *TO, "--confirmed")
    desk.done("db", "backup", "safe.db")
    desk.done(*into)
    for email in PEOPLE[:3]:
        desk.done("subscribers", "unsubscribe", email, *TO)
    for _ in range(2):
        desk.done("db", "restore", "safe.db", "--replace")
        desk.done("db", "claim")
        again = desk.run(*into)
        assert (1, "27 imported, 0 there already, 3 refused") == (again.status, again.out.partition(".")[0])
    desk.done("subscribers", "forget", PEOPLE[0])
    assert PEOPLE[0] not in (desk.folder / "var/diary").read_text()


def test_a_store_behind_its_witness_or_without_one(desk: Desk) -> None:
    """A file copied back by hand, or taken elsewhere, is found out; who lost only the witness may claim."""
    var = desk.folder / "var"
    with sinking() as sink:
        begin(desk, sink, f"sqlite:///{var}/digest.db")
        desk.write("one", "First", "2025-05-06")
        desk.done("collect")
        for file in var.glob("digest.db*"):
            shutil.copy(file, desk.folder / file.name)
        desk.done("editions", "send", "newsflash")
        assert "not in quarantine" in desk.run("db", "claim").err
        for file in var.glob("digest.db*"):
            file.unlink()
        for file in desk.folder.glob("digest.db*"):
            shutil.move(file, var / file.name)
        assert "older than its witness" in desk.run("editions", "send", "newsflash").err
        desk.done("db", "claim")
        desk.done("editions", "send", "newsflash")
        assert 30 == len(sink.accepted)
        (var / "witness").unlink()
        assert "no witness" in desk.run("editions", "send", "newsflash").err
        desk.done("db", "claim")
        desk.done("editions", "send", "newsflash")
        counted = json.loads((var / "witness").read_text())
        assert 1 <= counted["count"]


def test_no_address_stands_in_the_diary(desk: Desk) -> None:
    """Handles and keyed hashes only."""
    with sinking() as sink:
        begin(desk, sink, f"sqlite:///{desk.folder}/var/digest.db")
        desk.done("subscribers", "unsubscribe", LEAVING[0], *TO)
        desk.done("suppressions", "add", LEAVING[1])
        desk.done("suppressions", "remove", LEAVING[1])
    diary = (desk.folder / "var/diary").read_text()
    assert ["left", "suppressed", "lifted"] == re.findall(r'"what":"(\w+)"', diary)
    assert "@" not in diary


def test_what_is_no_backup_is_refused(desk: Desk) -> None:
    """And what is there already is not written over."""
    with sinking() as sink:
        begin(desk, sink, f"sqlite:///{desk.folder}/var/digest.db")
    Path(desk.folder / "torn.db").write_bytes(b"SQLite format 3\0" + b"\1" * 5000)
    for words in (("restore", "torn.db", "--replace"), ("restore", "none.db"), ("backup", "torn.db")):
        ran = desk.run("db", *words)
        assert (1, True) == (ran.status, words[1] in ran.err), ran
    assert [] == [path.name for path in desk.folder.glob(".*.db.*")]
    assert 30 == len(desk.done("subscribers", "list", "--json").json())


def test_a_backup_may_be_called_anything_but_a_question(desk: Desk) -> None:
    """Signs that mean something in the address of a database are letters of its name; one that cannot be is refused."""
    desk.declare()
    desk.done("subscribers", "add", "ana@example.org", "--digest", "newsflash")
    for name in ("50% #1.db", "a&mode=memory.db", "été :1.db"):
        desk.done("db", "backup", f"safe/{name}")
        desk.done("db", "restore", f"safe/{name}", "--replace")
    refused = desk.run("db", "backup", "what?.db")
    assert (1, True, False) == (refused.status, "what?.db" in refused.err, (desk.folder / "what?.db").exists())


async def leave(desk: Desk, url: str) -> None:
    """Eight go by themselves, two are suppressed."""
    store = connect(url, diary=desk.folder / "var/diary")
    for email in LEAVING[:8]:
        await leaving.unsubscribe_address(store, email, "newsflash", now=datetime.now(UTC))
    for email in LEAVING[8:]:
        async with store.write() as tx:
            await suppressions.add(tx, email, SuppressionReason.COMPLAINT, source="test", now=datetime.now(UTC))
    await store.close()


def begin(desk: Desk, sink: Sink, url: str) -> None:
    desk.declare(sources=folder_source(desk.folder), smtp=sink.port, digest='grace = "0"', database=url)
    (desk.folder / "notes").mkdir()
    (desk.folder / "people.csv").write_text("\n".join(["email", *PEOPLE]), "utf-8")
    desk.done("db", "upgrade")
    desk.done("subscribers", "import", "people.csv", *TO, "--confirmed")
