"""Asking to join costs the same whoever is asked for: neither the answer nor how long it takes tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from sqlalchemy import event, select

from digest.letter.compile import note_message
from digest.letter.headers import Mailbox
from digest.model.subscribers import SuppressionReason
from digest.service import noting
from digest.store.schema import notes, subscribers, subscriptions
from digest.subscribers import flow
from tests.unit.web.conftest import Site

NOW = datetime(2026, 6, 26, 8, 0, tzinfo=UTC)
PENDING, CONFIRMED, LEFT = "pending@example.org", "confirmed@example.org", "left@example.org"
COMPLAINED, BOUNCED, ERASED = "complained@example.org", "bounced@example.org", "erased@example.org"
STRANGER, ELSEWHERE, GONE_SILENT = "unknown@example.org", "other@example.org", "silent@example.org"
EVERYBODY = [STRANGER, PENDING, CONFIRMED, LEFT, COMPLAINED, BOUNCED, ERASED, ELSEWHERE, GONE_SILENT]
SILENT = {CONFIRMED, COMPLAINED, GONE_SILENT}

UNCHANGED = {*SILENT, BOUNCED, LEFT, PENDING}


@pytest.fixture
def config() -> str:
    from tests.unit.web.conftest import CONFIG

    return CONFIG + '[digests.notices]\nsender = "main"\nschedule = "mon 09:00"\n'


@pytest.fixture
def people(site: Site) -> Site:
    """Somebody in every standing there is."""
    store = site.house.store

    async def live() -> None:
        await flow.add(store, PENDING, "newsflash", now=NOW)
        for known in (CONFIRMED, LEFT, COMPLAINED, BOUNCED, ERASED):
            await flow.add(store, known, "newsflash", confirmed=True, now=NOW)
        await flow.add(store, ELSEWHERE, "notices", confirmed=True, now=NOW)
        await flow.unsubscribe_address(store, LEFT, now=NOW)
        await flow.suppress(store, COMPLAINED, reason=SuppressionReason.COMPLAINT, now=NOW)
        await flow.suppress(store, BOUNCED, reason=SuppressionReason.HARD_BOUNCE, now=NOW)
        await flow.suppress(store, GONE_SILENT, now=NOW)
        await flow.forget(store, ERASED, now=NOW)

    site.run(live())
    return site


@contextmanager
def asked(site: Site) -> Iterator[list[str]]:
    """Every statement that the ledger is given meanwhile, and each transaction's end; how a step ends is no matter."""
    found: list[str] = []
    store = site.house.store

    def heard(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(re.sub(r"(ROLLBACK TO|RELEASE) SAVEPOINT", "END", statement))

    listeners: dict[str, Any] = {"before_cursor_execute": heard}
    listeners |= {name: lambda _, name=name: found.append(name) for name in ("commit", "rollback")}
    engines = [each for each in (store.writer.sync_engine, store.reader.sync_engine, store.glancer) if each]
    for engine, (name, listener) in product(engines, listeners.items()):
        event.listen(engine, name, listener)
    yield found
    for engine, (name, listener) in product(engines, listeners.items()):
        event.remove(engine, name, listener)


def test_the_ledger_is_asked_the_same_and_a_letter_is_made_for_each(
    people: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same statements in the same order, as many commits, and one letter written out, whoever it is."""
    written: list[str] = []

    def writing(*, to: Mailbox, **said: Any) -> bytes:
        written.append(to.address)
        return note_message(to=to, **said)

    monkeypatch.setattr(noting, "note_message", writing)
    work = {}
    for address in EVERYBODY:
        with asked(people) as found:
            people.post("/subscribe/newsflash", data={"email": address, "language": "es", "website": ""})
        work[address] = found
    assert "commit" in work[STRANGER]
    assert dict.fromkeys(EVERYBODY, work[STRANGER]) == work
    assert EVERYBODY == written


def test_what_was_done_for_show_leaves_nothing(people: Site) -> None:
    """No letter, no row and no change for whom nobody may write to; one letter for everybody else."""
    before = rows(people)
    for address in EVERYBODY:
        people.post("/subscribe/newsflash", data={"email": address, "language": "es", "website": ""})
    after = rows(people)
    assert set(EVERYBODY) - SILENT == {address for address, *_ in after["notes"]}
    kept = {address for address, *_ in after["people"]}
    assert (GONE_SILENT in kept, {STRANGER, ERASED} <= kept) == (False, True)
    assert [each for each in before["standing"] if each[0] in UNCHANGED] == [
        each for each in after["standing"] if each[0] in UNCHANGED
    ]


def rows(site: Site) -> dict[str, list[Any]]:
    """Who is known, how each stands, and to whom a letter is owed."""
    joined = select(subscribers.c.email_norm, *subscriptions.c).join(subscribers)
    queries = {"notes": select(notes.c.address), "people": select(subscribers.c.email_norm), "standing": joined}

    async def read() -> dict[str, list[Any]]:
        async with site.house.store.read() as tx:
            return {name: [tuple(row) for row in await tx.execute(query)] for name, query in queries.items()}

    return site.run(read())
