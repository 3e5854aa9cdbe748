"""Joining takes its owner's word; leaving takes one press, and can be taken back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from digest.model.deliveries import NoteKind
from digest.model.subscribers import Subscriber, SuppressionReason
from digest.model.subscribers import SubscriptionState as State
from digest.settings.keys import Keyring
from digest.store import askings, audit, notes
from digest.store.database import Store, Tx
from digest.store.schema import notes as noted
from digest.subscribers import flow, tokens
from digest.subscribers.consent import Way
from digest.subscribers.joining import Confirmed

NOW = datetime(2026, 6, 26, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEWS = "newsflash"


async def ask(store: Store, keys: Keyring, email: str, now: datetime) -> None:
    """Ask by a note that says nothing but its token."""

    async def owe(tx: Tx, subscriber: Subscriber, token: str) -> None:
        await notes.add(
            tx,
            kind=NoteKind.CONFIRM,
            sender="main",
            address=subscriber.email_norm,
            message=token.encode(),
            dedupe_key=token,
            now=now,
        )

    async with store.write() as tx:
        await flow.subscribe(tx, keys, NEWS, flow.address(email), wording="Yes.", now=now, owe=owe)


async def owed(store: Store) -> list[str]:
    """The tokens of the notes that are owed, in the order they were asked for."""
    async with store.read() as tx:
        return [row.decode() for row in (await tx.execute(select(noted.c.message).order_by(noted.c.id))).scalars()]


async def state(store: Store, email: str) -> State:
    shown = await flow.show(store, email)
    return shown.subscriptions[0].state


def test_asking_makes_nobody_a_subscriber_but_confirming_does(store: Store, keys: Keyring) -> None:
    """Pressed twice it says so; a link for something else, or too old, does nothing."""

    async def story() -> list[object]:
        await ask(store, keys, "ana@example.org", NOW)
        [token] = await owed(store)
        wrong = tokens.unsubscribe_token(keys, tokens.new_handle(), NEWS)
        return [
            await state(store, "ana@example.org"),
            await flow.confirm(store, keys, token, now=NOW + 73 * HOUR),
            await flow.confirm(store, keys, wrong, now=NOW),
            await flow.confirm(store, keys, token, now=NOW + HOUR),
            await state(store, "ana@example.org"),
            await flow.confirm(store, keys, token, now=NOW + HOUR),
        ]

    steps = [State.PENDING, Confirmed.EXPIRED, None, Confirmed.DONE, State.CONFIRMED, Confirmed.ALREADY]
    assert asyncio.run(story()) == steps


def test_nothing_is_written_to_the_suppressed_or_the_confirmed(store: Store, keys: Keyring) -> None:
    """And nothing tells the one who asks."""

    async def story() -> list[str]:
        await flow.suppress(store, "bo@example.org", reason=SuppressionReason.COMPLAINT, now=NOW)
        await flow.add(store, "cy@example.org", NEWS, confirmed=True, now=NOW)
        await ask(store, keys, "bo@example.org", NOW)
        await ask(store, keys, "cy@example.org", NOW)
        return await owed(store)

    assert asyncio.run(story()) == []


def test_a_person_who_left_stays_so_until_they_confirm(store: Store, keys: Keyring) -> None:
    """A link from before they left no longer works; a fresh one does, though of the very second: it bears no less."""

    async def story() -> list[object]:
        await ask(store, keys, "ana@example.org", NOW)
        left = NOW + HOUR + timedelta(milliseconds=400)
        await flow.unsubscribe_address(store, "ana@example.org", now=left)
        await ask(store, keys, "ana@example.org", left + timedelta(milliseconds=200))
        early, late = await owed(store)
        return [
            await state(store, "ana@example.org"),
            await flow.confirm(store, keys, early, now=NOW + 3 * HOUR),
            await flow.confirm(store, keys, late, now=NOW + 3 * HOUR),
        ]

    assert asyncio.run(story()) == [State.UNSUBSCRIBED, Confirmed.EXPIRED, Confirmed.DONE]


def test_a_link_that_was_used_lifts_nothing_later(store: Store, keys: Keyring) -> None:
    """Their mail came back after they confirmed: only a link that they ask for then brings it again."""

    async def story() -> list[object]:
        await ask(store, keys, "ana@example.org", NOW)
        [used] = await owed(store)
        seen: list[object] = [await flow.confirm(store, keys, used, now=NOW + HOUR)]
        await flow.suppress(store, "ana@example.org", reason=SuppressionReason.HARD_BOUNCE, now=NOW + 2 * HOUR)
        seen.append(await flow.confirm(store, keys, used, now=NOW + 3 * HOUR))
        await ask(store, keys, "ana@example.org", NOW + 4 * HOUR)
        seen.append(await flow.confirm(store, keys, (await owed(store))[1], now=NOW + 5 * HOUR))
        return [*seen, (await flow.show(store, "ana@example.org")).suppressed]

    assert asyncio.run(story()) == [Confirmed.DONE, Confirmed.EXPIRED, Confirmed.DONE, False]


def test_who_asks_again_is_waited_for_as_long_as_the_new_link_is_good(store: Store, keys: Keyring) -> None:
    """A week counts from the last asking; whom an operator entered waits without end."""

    async def story() -> list[object]:
        await ask(store, keys, "ana@example.org", NOW)
        await flow.add(store, "bo@example.org", NEWS, now=NOW)
        late = NOW + timedelta(days=6, hours=23)
        for email in ("ana@example.org", "bo@example.org"):
            await ask(store, keys, email, late)
        token = (await owed(store))[1]
        async with store.write() as tx:
            forgotten = await askings.forget_pending(tx, NOW + HOUR)
        return [forgotten, await flow.confirm(store, keys, token, now=late + 2 * HOUR)]

    assert asyncio.run(story()) == [0, Confirmed.DONE]


def test_leaving_works_at_once_and_as_often_as_pressed(store: Store, keys: Keyring) -> None:
    """One line in the audit, however often; taken back it is as it was."""

    async def story() -> list[object]:
        await flow.add(store, "ana@example.org", NEWS, confirmed=True, now=NOW)
        handle = (await flow.show(store, "ana@example.org")).subscriber.handle
        token = tokens.unsubscribe_token(keys, handle, NEWS)
        left = await asyncio.gather(
            *(flow.unsubscribe(store, keys, token, way=Way.ONE_CLICK, now=NOW + HOUR) for _ in range(10))
        )
        seen: list[object] = [all(left), await state(store, "ana@example.org")]
        async with store.read() as tx:
            seen.append(len(await audit.listed(tx, handle)))
        assert left[0] is not None
        seen.append(await flow.resubscribe(store, keys, token, now=NOW + HOUR))
        back = await flow.resubscribe(store, keys, left[0].undo, now=NOW + 2 * HOUR)
        return [*seen, back is not None, await state(store, "ana@example.org")]

    assert asyncio.run(story()) == [True, State.UNSUBSCRIBED, 1, None, True, State.CONFIRMED]


def test_an_old_undo_link_brings_nobody_back(store: Store, keys: Keyring) -> None:
    """Neither after a week, nor after leaving once more, nor when suppressed since."""

    async def story() -> list[object]:
        await flow.add(store, "ana@example.org", NEWS, confirmed=True, now=NOW)
        handle = (await flow.show(store, "ana@example.org")).subscriber.handle
        token = tokens.unsubscribe_token(keys, handle, NEWS)
        first = await flow.unsubscribe(store, keys, token, way=Way.PAGE, now=NOW)
        assert first is not None
        seen: list[object] = [await flow.resubscribe(store, keys, first.undo, now=NOW + 8 * 24 * HOUR)]
        assert await flow.resubscribe(store, keys, first.undo, now=NOW + HOUR)
        second = await flow.unsubscribe(store, keys, token, way=Way.PAGE, now=NOW + 2 * HOUR)
        assert second is not None
        seen.append(await flow.resubscribe(store, keys, first.undo, now=NOW + 2 * HOUR))
        late = await flow.unsubscribe(store, keys, token, way=Way.PAGE, now=NOW + 300 * HOUR)
        seen.append(late is not None and late.undo)
        await flow.suppress(store, "ana@example.org", now=NOW)
        seen.append(await flow.resubscribe(store, keys, second.undo, now=NOW + 2 * HOUR))
        return seen

    assert asyncio.run(story()) == [None, None, "", None]


def test_a_link_of_somebody_erased_still_says_they_are_off(store: Store, keys: Keyring) -> None:
    """The link is ours, there is nobody behind it, and nothing is written."""
    token = tokens.unsubscribe_token(keys, tokens.new_handle(), NEWS)
    left = asyncio.run(flow.unsubscribe(store, keys, token, way=Way.PAGE, now=NOW))
    assert left == flow.Left(NEWS, None)
    assert asyncio.run(flow.unsubscribe(store, keys, token[:-1], way=Way.PAGE, now=NOW)) is None
