"""An operator enters people; the good are kept, the bad told by line."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.errors import NotFound, UsageError
from digest.model.subscribers import SubscriptionState as State
from digest.model.subscribers import SuppressionReason
from digest.store import subscribers, suppressions
from digest.store.database import Store
from digest.subscribers import flow
from digest.subscribers.address import Refused
from digest.subscribers.consent import Entering
from digest.subscribers.entering import BATCH, ImportReport

NOW = datetime(2026, 6, 26, 9, 0, tzinfo=UTC)
NEWS = "newsflash"


def imported(store: Store, path: Path, text: str | bytes, *, confirmed: bool = True) -> ImportReport:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return asyncio.run(flow.import_csv(store, path, NEWS, confirmed=confirmed, now=NOW))


def test_somebody_is_added_once(store: Store) -> None:
    """Pending unless vouched for; vouching later confirms."""

    async def story() -> list[object]:
        added = [
            await flow.add(store, "Ana@Example.org", NEWS, name="Ana", language="es", now=NOW),
            await flow.add(store, "Ana@example.org", NEWS, now=NOW),
            await flow.add(store, "Ana@example.org", NEWS, confirmed=True, now=NOW),
            await flow.add(store, "Ana@example.org", NEWS, confirmed=True, now=NOW),
            await flow.add(store, "not an address", NEWS, now=NOW),
        ]
        [(ana, standing)] = await flow.listed(store, NEWS)
        return [*added[:4], isinstance(added[4], Refused), ana.email, ana.name, ana.language, standing.state]

    added = [Entering.ADD, Entering.ALREADY, Entering.CONFIRM, Entering.ALREADY]
    assert asyncio.run(story()) == [*added, True, "Ana@Example.org", "Ana", "es", State.CONFIRMED]


def test_an_import_keeps_the_good_and_lists_the_bad_by_line(store: Store, tmp_path: Path) -> None:
    """Also those with a broken name, too many cells, or bytes that are no UTF-8."""
    text = '\ufeffEmail, Name ,language\nana@example.org,Ana,es\nnobody,,\n\nbo@example.org,"Bo\nBo",\n'
    text += "cy@example.org,Cy,en,more\nana@example.org,Again,\n"
    report = imported(store, tmp_path / "people.csv", text.encode() + b"di@example.org,Di\xe9go,\njo@example.org,Jo,\n")
    assert (report.imported, report.already) == (2, 1)
    assert [(line, address) for line, address, _ in report.refused] == [
        (3, "nobody"),
        (5, "bo@example.org"),
        (7, "cy@example.org"),
        (9, "di@example.org"),
    ]
    assert all(why for _, _, why in report.refused)


def test_an_import_again_finds_everybody_there(store: Store, tmp_path: Path) -> None:
    """Nobody is entered twice."""
    text = "email\n" + "".join(f"user{number}@example.org\n" for number in range(BATCH + 5))
    assert imported(store, tmp_path / "people.csv", text) == ImportReport(BATCH + 5, 0, ())
    assert imported(store, tmp_path / "people.csv", text) == ImportReport(0, BATCH + 5, ())


def test_an_import_brings_back_neither_the_left_nor_the_suppressed(store: Store, tmp_path: Path) -> None:
    """Of 100 lines with 10 left and 5 suppressed, 85 are imported and 15 reported."""

    async def before() -> None:
        for number in range(10):
            await flow.add(store, f"user{number}@example.org", NEWS, confirmed=True, now=NOW)
            await flow.unsubscribe_address(store, f"user{number}@example.org", NEWS, now=NOW)
        for number in range(10, 15):
            await flow.suppress(store, f"user{number}@example.org", now=NOW)

    asyncio.run(before())
    text = "email\n" + "".join(f"user{number}@example.org\n" for number in range(100))
    report = imported(store, tmp_path / "people.csv", text)
    assert (report.imported, report.already, len(report.refused)) == (85, 0, 15)
    assert "unsubscribed on 2026-06-26" in report.refused[0][2]
    assert "suppressed" in report.refused[14][2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "email"),
        (b"name\nAna\n", "email"),
        (b"email,phone\na@example.org,1\n", '"phone"'),
        (b"email,email\na@example.org,b@example.org\n", "once"),
        ("e-mail\nana@example.org\n".encode("utf-16"), '"e-mail"'),
        ("Straße,email\n".encode("latin-1"), "UTF-8"),
    ],
)
def test_a_file_that_is_no_such_list_is_refused_whole(store: Store, tmp_path: Path, text: bytes, says: str) -> None:
    """And the message names what is wrong."""
    with pytest.raises(UsageError, match=says):
        imported(store, tmp_path / "people.csv", text)
    with pytest.raises(UsageError):
        asyncio.run(flow.import_csv(store, tmp_path / "nothing.csv", NEWS, confirmed=True, now=NOW))


def test_semicolons_and_other_scripts_are_read(store: Store, tmp_path: Path) -> None:
    """As spreadsheets of half the world write them."""
    report = imported(store, tmp_path / "people.csv", "email;name\nana@bücher.example;Ruiz, Ana\n")
    [(ana, standing)] = asyncio.run(flow.listed(store))
    assert (report.imported, ana.name, ana.email_norm) == (1, "Ruiz, Ana", "ana@xn--bcher-kva.example")
    assert json.loads(standing.evidence) == {"at": NOW.isoformat(), "via": "import", "wording": "people.csv, line 2"}


def test_progress_is_told_by_lines(store: Store, tmp_path: Path) -> None:
    """Two thousand at a time, refused ones included."""
    told: list[int] = []
    path = tmp_path / "people.csv"
    path.write_text("email\n" + "no\n" * (BATCH + 1))
    asyncio.run(flow.import_csv(store, path, NEWS, confirmed=False, now=NOW, progress=told.append))
    assert told == [BATCH, 1]


def test_a_person_is_shown_with_their_story(store: Store) -> None:
    """What they have, and what was changed; an unknown address is said to be one."""

    async def story() -> flow.Shown:
        await flow.add(store, "ana@example.org", NEWS, confirmed=True, now=NOW)
        await flow.unsubscribe_address(store, "ana@example.org", who="office", why="asked by phone", now=NOW)
        return await flow.show(store, "ana@example.org")

    shown = asyncio.run(story())
    [line] = shown.history
    assert (line.who, line.was, line.became, line.why) == (
        "office",
        "newsflash confirmed",
        "newsflash unsubscribed",
        "asked by phone",
    )
    with pytest.raises(NotFound):
        asyncio.run(flow.show(store, "bo@example.org"))


def test_a_suppression_is_mirrored_before_and_after(store: Store) -> None:
    """On those who are there, on those who come, and lifted again; an erased address cannot be read."""

    async def suppressed(email: str) -> bool:
        async with store.read() as tx:
            found = await subscribers.by_email(tx, email)
            return found is not None and await subscribers.is_suppressed(tx, found.id)

    async def story() -> list[object]:
        seen: list[object] = [await flow.unsuppress(store, "ana@example.org", now=NOW)]
        await flow.add(store, "ana@example.org", NEWS, now=NOW)
        await flow.suppress(store, "ana@example.org", now=NOW)
        seen.append(await suppressed("ana@example.org"))
        seen.append(await flow.unsuppress(store, "ana@example.org", now=NOW))
        seen.append(await suppressed("ana@example.org"))
        await flow.suppress(store, "bo@example.org", now=NOW)
        async with store.write() as tx:
            await subscribers.add(tx, handle="b", email="bo@example.org", email_norm="bo@example.org", now=NOW)
        seen.append(await suppressed("bo@example.org"))
        async with store.write() as tx:
            await suppressions.add(tx, "bo@example.org", SuppressionReason.ERASED, source="x", now=NOW)
            await suppressions.add(tx, "bo@example.org", SuppressionReason.COMPLAINT, source="x", now=NOW)
            seen += [(each.email, each.reason) for each in await suppressions.listed(tx)]
        return seen

    erased = ("", SuppressionReason.ERASED)
    assert asyncio.run(story()) == [False, True, True, False, True, erased]
