"""People in the store: the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import InternalError

from digest.errors import StoreError
from digest.model.subscribers import Subscriber, SuppressionReason
from digest.model.subscribers import SubscriptionState as State
from digest.settings.keys import Keyring
from digest.store import audit, migrate, subscribers, suppressions
from digest.store.database import Store, Tx, connect
from digest.subscribers import flow, tokens
from digest.subscribers.consent import Entering, Way

NOW = datetime(2026, 6, 26, 9, 0, tzinfo=UTC)
NEWS = "newsflash"
KEYS = Keyring.parse("k1:a key for nothing but these tests")


async def opened(url: str) -> Store:
    store = connect(url)
    await migrate.upgrade(store)
    return store


def test_two_who_add_one_address_make_one_subscriber(store_url: str) -> None:
    """A constraint decides: both are answered, one is added."""

    async def story() -> tuple[list[object], int]:
        store = await opened(store_url)
        adding = (flow.add(store, "ana@example.org", NEWS, confirmed=True, now=NOW) for _ in range(5))
        answers = await asyncio.gather(*adding)
        everybody = await flow.listed(store, NEWS, State.CONFIRMED)
        await store.close()
        return list(answers), len(everybody)

    answers, many = asyncio.run(story())
    assert set(answers) <= {Entering.ADD, Entering.ALREADY}
    assert many == 1


def test_an_import_keeps_who_left_and_who_is_suppressed_out(store_url: str, tmp_path: Path) -> None:
    """Whatever the database, and however the file is repeated."""
    path = tmp_path / "people.csv"
    path.write_text("email\n" + "".join(f"user{number}@example.org\n" for number in range(1_200)))

    async def story() -> list[object]:
        store = await opened(store_url)
        await flow.add(store, "user1@example.org", NEWS, confirmed=True, now=NOW)
        await flow.unsubscribe_address(store, "user1@example.org", now=NOW)
        await flow.suppress(store, "user2@example.org", reason=SuppressionReason.HARD_BOUNCE, now=NOW)
        first = await flow.import_csv(store, path, NEWS, confirmed=True, now=NOW)
        again = await flow.import_csv(store, path, NEWS, confirmed=True, now=NOW)
        async with store.read() as tx:
            counted = await subscribers.counted(tx, NEWS)
        await store.close()
        return [first.imported, [line for line, _, _ in first.refused], again.imported, again.already, counted]

    counted = {State.CONFIRMED: 1_198, State.UNSUBSCRIBED: 1}
    assert asyncio.run(story()) == [1_198, [3, 4], 0, 1_198, counted]


def test_whoever_left_stays_out_in_any_case(store_url: str, tmp_path: Path) -> None:
    """Who left as ada@ is not brought in as Ada@, nor the other way round; another digest is another matter."""
    path = tmp_path / "people.csv"
    path.write_text(
        "email\nAda@x.example.org\nBO@x.example.org\ncy@x.example.org\nÉve@x.example.org\nnew@x.example.org\n"
    )

    async def story() -> list[object]:
        store = await opened(store_url)
        for email in ("ada@x.example.org", "Bo@x.example.org", "Cy@x.example.org", "éve@x.example.org"):
            await flow.add(store, email, NEWS, confirmed=True, now=NOW)
        await flow.add(store, "cy@x.example.org", NEWS, confirmed=True, now=NOW)
        for email in ("ADA@x.example.org", "bo@x.example.org", "Cy@x.example.org", "éve@x.example.org"):
            await flow.unsubscribe_address(store, email, now=NOW)
        dry = await flow.import_csv(store, path, NEWS, confirmed=True, now=NOW, dry=True)
        done = await flow.import_csv(store, path, NEWS, confirmed=True, now=NOW)
        elsewhere = await flow.add(store, "Ada@x.example.org", "weekly", confirmed=True, now=NOW)
        await store.close()
        why = {why for _, _, why in done.refused}
        return [dry == done, done.imported, [line for line, _, _ in done.refused], why, elsewhere]

    why = {"This person unsubscribed on 2026-06-26; only they can come back."}
    assert [True, 1, [2, 3, 4, 5], why, Entering.ADD] == asyncio.run(story())


def test_a_suppression_holds_in_any_case(store_url: str) -> None:
    """Whoever is there already in another spelling is not written to either, until it is lifted; who did so is kept."""

    async def story() -> list[object]:
        store = await opened(store_url)
        await flow.add(store, "Ada@x.example.org", NEWS, confirmed=True, now=NOW)
        held = []
        await flow.suppress(store, "aDA@x.example.org", now=NOW)
        held.append((await flow.show(store, "Ada@x.example.org")).suppressed)
        await flow.unsuppress(store, "ada@x.example.org", who="op", now=NOW)
        shown = await flow.show(store, "ADA@x.example.org")
        await store.close()
        return [*held, shown.suppressed, [(line.who, line.action) for line in shown.history]]

    history = [("op", "lift suppression"), ("operator", "suppress")]
    assert [True, False, history] == asyncio.run(story())


def test_asking_for_show_leaves_nothing(store_url: str) -> None:
    """Whom nobody may write to is asked as all are, and then it never was; the transaction goes on."""

    async def story() -> list[object]:
        store, asked = await opened(store_url), []

        async def owe(_tx: Tx, subscriber: Subscriber, _token: str) -> None:
            asked.append(subscriber.email)

        await flow.add(store, "ana@example.org", NEWS, confirmed=True, now=NOW)
        async with store.write() as tx:
            for email in ("ana@example.org", "silent@example.org", "new@example.org"):
                silent = email.startswith("silent")
                await flow.subscribe(tx, KEYS, NEWS, flow.address(email), now=NOW, owe=owe, silent=silent)
        people = {who.email: standing.state for who, standing in await flow.listed(store, NEWS)}
        async with store.read() as tx:
            known = await subscribers.by_email(tx, "silent@example.org")
        await store.close()
        return [asked, people, known]

    three = ["ana@example.org", "silent@example.org", "new@example.org"]
    standing = {"ana@example.org": State.CONFIRMED, "new@example.org": State.PENDING}
    assert asyncio.run(story()) == [three, standing, None]


def test_leaving_at_once_from_many_sides_is_one_leaving(store_url: str) -> None:
    """All are answered; one row moves, and one line tells of it."""

    async def story() -> list[object]:
        store = await opened(store_url)
        await flow.add(store, "ana@example.org", NEWS, confirmed=True, now=NOW)
        handle = (await flow.show(store, "ana@example.org")).subscriber.handle
        token = tokens.unsubscribe_token(KEYS, handle, NEWS)
        later = NOW + timedelta(hours=1)
        presses = (flow.unsubscribe(store, KEYS, token, way=Way.ONE_CLICK, now=later) for _ in range(10))
        left = await asyncio.gather(*presses)
        async with store.read() as tx:
            lines = await audit.listed(tx, handle)
        back = await flow.resubscribe(store, KEYS, left[0].undo if left[0] else "", now=later)
        await store.close()
        return [all(each and each.undo for each in left), len(lines), back is not None]

    assert asyncio.run(story()) == [True, 1, True]


def test_a_suppression_holds_however_an_address_is_spelt(store_url: str, tmp_path: Path) -> None:
    """Who complained as ada@ is not written to as Ada@, which a list from elsewhere calls her."""
    path = tmp_path / "people.csv"
    path.write_text("email\nAda@example.org\nADA@example.org\nbo@example.org\n")

    async def story() -> tuple[object, ...]:
        store = await opened(store_url)
        await flow.suppress(store, "ada@example.org", reason=SuppressionReason.COMPLAINT, now=NOW)
        await flow.import_csv(store, path, NEWS, confirmed=True, now=NOW)
        async with store.read() as tx:
            held = await suppressions.among(tx, ["Ada@example.org", "ADA@example.org", "bo@example.org"])
        written = [who.email for who, _ in await flow.listed(store, NEWS, State.CONFIRMED)]
        lifted = await flow.unsuppress(store, "Ada@example.org", now=NOW)
        await store.close()
        return held, written, lifted

    assert (frozenset({"Ada@example.org", "ADA@example.org"}), ["bo@example.org"], True) == asyncio.run(story())


def test_a_suppression_is_known_by_a_key_that_nobody_can_read(store_url: str) -> None:
    """One pepper for the store's life; lifted, it is as if it had not been; erased, no address is kept."""

    async def story() -> list[object]:
        store = await opened(store_url)
        seen: list[object] = []
        for reason in (SuppressionReason.OPERATOR, SuppressionReason.ERASED):
            async with store.write() as tx:
                await suppressions.add(tx, "ana@example.org", reason, source="test", now=NOW)
            async with store.read() as tx:
                seen.append(await suppressions.is_suppressed(tx, "ana@example.org"))
                seen.append(await suppressions.among(tx, ["bo@example.org"]))
                seen.append([each.email for each in await suppressions.listed(tx)])
        async with store.write() as tx:
            seen.append([await suppressions.remove(tx, "ana@example.org") for _ in range(2)])
        await store.close()
        return seen

    nobody: frozenset[str] = frozenset()
    assert asyncio.run(story()) == [True, nobody, ["ana@example.org"], True, nobody, [""], [True, False]]


def test_somebody_is_read_in_one_look(store_url: str) -> None:
    """With everything they are subscribed to in the order of its names; nobody for a handle that nobody has."""

    async def story() -> list[object]:
        store = await opened(store_url)
        for digest in (NEWS, "alerts"):
            await flow.add(store, "ana@example.org", digest, confirmed=True, now=NOW)
        ana = (await flow.show(store, "ana@example.org")).subscriber
        async with store.write() as tx:
            bob = await subscribers.add(tx, handle="b" * 16, email="b@example.org", email_norm="b@example.org", now=NOW)
        async with store.glance() as tx, store.glance() as beside:
            found = await subscribers.person(tx, ana.handle)
            assert found
            said = [found[0] == ana, [each.digest for each in found[1]], await subscribers.person(tx, "c" * 16)]
            alone = await subscribers.person(beside, bob.handle)
        await store.close()
        return [*said, alone == (bob, ())]

    assert [True, ["alerts", NEWS], None, True] == asyncio.run(story())


def test_a_glance_changes_nothing(store_url: str) -> None:
    """It is for looking: whatever writes through it is refused."""

    async def story() -> None:
        store = await opened(store_url)
        try:
            async with store.glance() as tx:
                await subscribers.set_language(tx, 1, "es")
        finally:
            await store.close()

    with pytest.raises((StoreError, InternalError)):
        asyncio.run(story())
