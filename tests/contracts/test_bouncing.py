"""What a bounce changes: the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from digest.model.deliveries import DeliveryState
from digest.model.editions import EditionStatus
from digest.settings.keys import Keyring
from digest.store import audit, bounces, digests, editions, migrate, suppressions
from digest.store.database import Store, Tx, connect
from digest.store.schema import deliveries, mailings
from digest.subscribers import bouncing, flow, tokens, verp
from digest.subscribers.bouncing import Came

T = TypeVar("T")
NOW = datetime(2026, 6, 26, 9, 0, tzinfo=UTC)
NEWS = "newsflash"
KEYS = Keyring.parse("k1:a key for nothing but these tests")
ANA, BACK = "ana@example.org", "bounces@bounces.example.net"
FULL, GONE, REFUSED = "552 5.2.2 mailbox full", "550 5.1.1 user unknown", "550 5.7.1 blocked using a list"


def told(url: str, story: Callable[[Store, str], Awaitable[T]]) -> T:
    """Run a story in a store where Ana got five editions; it is given her handle."""

    async def main() -> T:
        store = connect(url)
        await migrate.upgrade(store)
        await flow.add(store, ANA, NEWS, confirmed=True, now=NOW)
        await flow.add(store, ANA, "weekly", confirmed=True, now=NOW)
        handle = (await flow.show(store, ANA)).subscriber.handle
        async with store.write() as tx:
            await digests.declare(tx, (NEWS,), NOW)
            for number in range(1, 6):
                await _sent(tx, number)
        try:
            return await story(store, handle)
        finally:
            await store.close()

    return asyncio.run(main())


async def _sent(tx: Tx, number: int) -> None:
    label = f"2026-0{number}-26"
    edition = await editions.add(
        tx, digest=NEWS, label=label, number=number, status=EditionStatus.SENT, slot_at=None, until=NOW, now=NOW
    )
    mailing = {"id": number, "edition_id": edition.id, "revision": 1, "digest": NEWS, "key_id": "k1", "status": "sent"}
    mailing |= {"start_at": NOW, "created_at": NOW, "active_at": NOW}
    await tx.execute(mailings.insert().values(mailing))
    delivery = {"mailing_id": number, "subscriber_id": 1, "variant": 0, "state": DeliveryState.ACCEPTED, "at": 0}
    await tx.execute(deliveries.insert().values(delivery))


def bounce(said: str, *, message_id: str = "<1@mx.example.org>") -> bytes:
    return (
        f"From: MAILER-DAEMON@mx.example.org\nMessage-ID: {message_id}\nSubject: failure notice\n\n"
        f"Your message could not be delivered.\n\n<{ANA}>: {said}\n"
    ).encode()


def envelope(handle: str, mailing: int) -> str:
    return verp.envelope(KEYS, BACK, handle, mailing)


async def take(store: Store, raw: bytes, to: str = BACK) -> list[tuple[str, str]]:
    came: tuple[Came, ...] = await bouncing.take(store, KEYS, raw, to=to, source="pipe", now=NOW)
    return [(each.kind, each.effect) for each in came]


async def standing(store: Store) -> tuple[bool, list[str]]:
    shown = await flow.show(store, ANA)
    return shown.suppressed, [each.state.value for each in shown.subscriptions]


def test_a_hard_bounce_suppresses_at_once_and_once(store_url: str) -> None:
    """By the token in the envelope, in whatever case; the second copy finds it done."""

    async def story(store: Store, handle: str) -> list[object]:
        first = await take(store, bounce(GONE), envelope(handle, 5).upper())
        again = await take(store, bounce(GONE, message_id="<2@mx.example.org>"), envelope(handle, 5))
        async with store.read() as tx:
            why = [(each.reason.value, each.source) for each in await suppressions.listed(tx)]
            lines = [line.action for line in await audit.listed(tx, handle)]
        return [first, again, why, lines, (await standing(store))[0]]

    expected = [[("hard", "suppressed")], [("hard", "known already")], [("hard bounce", "pipe")], ["suppress"], True]
    assert expected == told(store_url, story)


def test_three_soft_editions_in_a_row_give_an_address_up(store_url: str) -> None:
    """Two and one that got through are none in a row; the same edition twice is one."""

    async def story(store: Store, handle: str) -> list[object]:
        seen: list[object] = [await take(store, bounce(FULL), envelope(handle, each)) for each in (1, 2, 2, 4, 5)]
        seen.append((await standing(store))[0])
        seen.append(await take(store, bounce(FULL), envelope(handle, 3)))
        await take(store, bounce(FULL.replace("552", "550")), envelope(handle, 5))
        async with store.write() as tx:
            await _sent(tx, 6)
        seen.append(await take(store, bounce(FULL), envelope(handle, 6)))
        return [*seen, (await standing(store))[0]]

    counted, known, over = [("soft", "counted")], [("soft", "known already")], [("soft", "suppressed")]
    assert [counted, counted, known, counted, counted, False, over, over, True] == told(store_url, story)


def test_a_complaint_leaves_all(store_url: str) -> None:
    """Every digest, and suppressed."""
    raw = (
        b"From: fbl@example.org\nSubject: complaint\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        b"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n"
        b"--b\nContent-Type: message/rfc822\n\nReturn-Path: <%b>\nSubject: Newsflash\n\n--b--\n"
    )

    async def story(store: Store, handle: str) -> list[object]:
        seen = await take(store, raw % envelope(handle, 5).encode(), "complaints@example.net")
        return [seen, await standing(store)]

    assert [[("complaint", "suppressed")], (True, ["unsubscribed", "unsubscribed"])] == told(store_url, story)


def test_what_is_about_us_takes_nobody_off(store_url: str) -> None:
    """Blocked is written down; delayed is nothing."""

    async def story(store: Store, handle: str) -> list[object]:
        seen: list[object] = [await take(store, bounce(REFUSED), envelope(handle, 5))]
        late = bounce("connection timed out").replace(b"failure notice", b"Warning: delayed 4 hours")
        seen.append(await take(store, late, envelope(handle, 5)))
        return [*seen, await standing(store)]

    expected = [[("block", "counted")], [("none", "no bounce")], (False, ["confirmed", "confirmed"])]
    assert expected == told(store_url, story)


def test_without_a_token_of_ours_nobody_is_taken_off(store_url: str) -> None:
    """Forged, altered or of another key: listed for the operator, once."""

    async def story(store: Store, handle: str) -> list[object]:
        others = Keyring.parse("k1:a key that is somebody else's")
        wrong = verp.envelope(others, BACK, handle, 5)
        seen: list[object] = [await take(store, bounce(GONE), to) for to in (BACK, wrong)]
        async with store.read() as tx:
            listed = [(each.email, each.kind, each.matched) for each in await bounces.listed(tx, unmatched=True)]
        return [*seen, listed, await standing(store)]

    expected = [[("hard", "listed")], [("hard", "known already")], [(ANA, "hard", False)], (False, ["confirmed"] * 2)]
    assert expected == told(store_url, story)


def test_a_mail_to_leave_is_acted_upon_by_its_address(store_url: str) -> None:
    """Whoever wrote it, in whatever case it comes, and only for that digest; a token for bounces does not do it."""

    async def story(store: Store, handle: str) -> list[object]:
        leave = tokens.unsubscribe_token(Keyring.parse("K1:a key for nothing but these tests"), handle, NEWS).lower()
        mail = f"From: x@example.com\nTo: leave+{leave}@example.net\nSubject: unsubscribe\n\n".encode()
        seen = await take(store, mail, "")
        return [seen, await standing(store)]

    assert [[("optout", "left")], (False, ["unsubscribed", "confirmed"])] == told(store_url, story)
