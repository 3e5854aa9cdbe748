"""Whoever asks to be forgotten is found nowhere, in no table of either database, and stays out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from sqlalchemy import select

from digest.model.deliveries import NoteKind
from digest.model.subscribers import SuppressionReason
from digest.settings.keys import Keyring
from digest.store import (
    address_changes,
    attributes,
    audit,
    bounces,
    delivery_events,
    migrate,
    notes,
    subscribers,
    suppressions,
)
from digest.store.address_changes import Change
from digest.store.database import Store, connect
from digest.store.schema import metadata
from digest.subscribers import bouncing, flow
from digest.subscribers.consent import Entering

NOW = datetime(2026, 6, 26, 9, 0, tzinfo=UTC)
KEYS = Keyring.parse("k1:a key for nothing but these tests")
ANA = "ana.ruiz@mail.example.org"


async def everything(store: Store) -> str:
    """All rows of all tables, as text."""
    async with store.read() as tx:
        rows = [row for table in metadata.sorted_tables for row in (await tx.execute(select(table))).all()]
    return repr(rows)


def test_nothing_of_a_person_is_left(store_url: str) -> None:
    """Subscriptions, notes, bounces, audit and what relays said: only a keyed hash stays, which keeps them out."""

    async def story() -> list[object]:
        store = connect(store_url)
        await migrate.upgrade(store)
        await flow.add(store, ANA, "newsflash", name="Ana Ruiz", confirmed=True, now=NOW)
        shown = await flow.show(store, ANA)
        await flow.unsubscribe_address(store, ANA, why="asked by telephone", now=NOW)
        raw = f"From: MAILER-DAEMON@x\nSubject: failure notice\n\nCould not deliver.\n<{ANA}>: user unknown\n".encode()
        await bouncing.take(store, KEYS, raw, source="pipe", now=NOW)
        async with store.write() as tx:
            message = f"To: {ANA}".encode()
            await notes.add(
                tx, kind=NoteKind.CONFIRM, sender="main", address=ANA, message=message, dedupe_key="k", now=NOW
            )
            row = {"subscriber_id": shown.subscriber.id, "name": "town", "value": "telephone"}
            await attributes.set_many(tx, [row])
            text, who = f"<{ANA}>: over quota", shown.subscriber.id
            await delivery_events.remember(tx, 1, who, "deferred", code=452, text=text, count=1, now=NOW)
        before = await everything(store)
        known = await flow.forget(store, ANA, now=NOW)
        after = await everything(store)
        again = await flow.add(store, ANA, "newsflash", confirmed=True, now=NOW)
        other = await flow.add(store, "bo@example.org", "newsflash", confirmed=True, now=NOW)
        async with store.read() as tx:
            lines = await audit.listed(tx, shown.subscriber.handle)
        traces = [each in after for each in (ANA, "Ana", "ruiz", shown.subscriber.handle, "telephone")]
        await store.close()
        return [ANA in before, known, traces, again, other, lines]

    assert [True, True, [False] * 5, Entering.SUPPRESSED, Entering.ADD, ()] == asyncio.run(story())


def test_it_is_found_however_it_is_written(store_url: str) -> None:
    """In another case, twice, in what a server said of somebody else; and what was an address of theirs goes along."""
    said = f"From: MAILER-DAEMON@x\nSubject: failure notice\n\nCould not deliver.\n<{{}}>: {ANA.upper()} is full\n"

    async def story() -> list[object]:
        store = connect(store_url)
        await migrate.upgrade(store)
        for email in (ANA.title(), ANA, "bo@example.org"):
            await flow.add(store, email, "newsflash", confirmed=True, now=NOW)
        for email in (ANA.upper(), "bo@example.org"):
            await bouncing.take(store, KEYS, said.format(email).encode(), source="pipe", now=NOW)
        async with store.write() as tx:
            await suppressions.add(tx, "old.ana@x.example.org", SuppressionReason.HARD_BOUNCE, source="pipe", now=NOW)
            who = await subscribers.by_email(tx, ANA)
            assert who is not None
            change = Change(
                handle="c",
                subscriber_id=who.id,
                email=ANA,
                email_norm=ANA,
                was_email="Old.Ana@x.example.org",
                was_norm="Old.Ana@x.example.org",
                asked_at=NOW,
            )
            await address_changes.add(tx, change)
        known = await flow.forget(store, ANA.swapcase(), now=NOW)
        after = (await everything(store)).lower()
        async with store.read() as tx:
            kept = [each.email for each in await bounces.listed(tx)]
        await store.close()
        return [known, ANA in after, "old.ana" in after, kept]

    assert [True, False, False, ["bo@example.org"]] == asyncio.run(story())


def test_a_store_that_comes_back_forgets_again(store_url: str) -> None:
    """An older copy knows the person; what was noted of the erasure takes them out once more."""

    async def story() -> list[object]:
        store = connect(store_url)
        await migrate.upgrade(store)
        await flow.forget(store, ANA, now=NOW)
        async with store.write() as tx:
            values = {"handle": "h", "email": ANA, "email_norm": ANA, "suppressed": True, "created_at": NOW}
            await tx.execute(metadata.tables["subscribers"].insert().values(values))
            erased = await flow.erase_again(tx)
        found = ANA in await everything(store)
        await store.close()
        return [erased, found]

    assert [1, False] == asyncio.run(story())
