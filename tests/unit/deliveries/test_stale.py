"""A mailing that gets nowhere: all stays owed, and past a stale date it waits for a person."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from digest.deliveries import flow
from digest.deliveries.context import Context
from digest.deliveries.incident import Incident
from digest.deliveries.smtp.rest import Rest
from digest.model.deliveries import MailingStatus, NoteKind
from digest.settings.digests import Digest
from digest.settings.keys import Keyring
from digest.store import notes
from digest.store.database import Tx

from .house import House, opened
from .sink import DROP, Answer, Sink

DOWN = [
    ("connect", "421 4.3.2 down for maintenance"),
    ("connect", DROP),
    ("auth", "535 5.7.8 wrong password"),
    ("mail", "451 4.3.0 not now"),
    ("rcpt", DROP),
]


def at(stage: str, reply: str) -> Answer:
    """`reply` at `stage`; the password is welcome otherwise."""
    return lambda where, argument: reply if where == stage else "235 2.7.0 welcome" if where == "auth" else None


def patient(house: House, context: Context, **options: object) -> Context:
    """One whose relays may be tried again as soon as the ledger's clock says so."""
    declared = Digest.model_validate({"slug": "newsflash", "sender": "main", "schedule": "last fri 09:00", **options})
    rest = Rest(lambda: house.clock.at.timestamp())
    return replace(context, digests={"newsflash": declared}, rests={"main": rest})


@pytest.mark.parametrize(("stage", "reply"), DOWN)
def test_a_relay_down_for_days(url: str, stage: str, reply: str) -> None:
    """Everything stays owed; after three days it is paused, said so once, and goes on when somebody says go."""
    told: list[Incident] = []

    async def alert(tx: Tx, incident: Incident) -> None:
        told.append(incident)

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at(stage, reply), extensions=("AUTH PLAIN",)) as sink:
            await house.people(30)
            mailing = await house.seal()
            relay = sink.url.replace("//", "//user:secret@")
            context = house.alerted(patient(house, house.context(relay)), alert)
            for _ in range(5):
                house.clock.tick(hours=14)
                report = await flow.run_due(context)
                assert (30, (), True) == (report.owed, report.paused, bool(report.relay_error))
            house.clock.tick(hours=2)
            report = await flow.run_due(context)
            assert (30, 0) == (report.owed, report.deferred)
            assert "nothing of it got anywhere since 2026-06-26 08:00 UTC" == report.paused[0].why
            sink.answer = at("", "")
            house.clock.tick(hours=1)
            assert 0 == (await flow.run_due(context)).accepted
            assert 1 == len(told)
            async with house.store.write() as tx:
                assert await flow.resume(tx, mailing, now=house.clock())
            assert 30 == (await flow.run_due(context)).accepted

    asyncio.run(main())


def test_a_note_that_waits_changes_nothing(url: str) -> None:
    """The relay is found to be down by a note, before any mailing: stale is stale."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at("connect", DROP)) as sink:
            await house.people(3)
            await house.seal()
            context = patient(house, house.context(sink.url))
            async with house.store.write() as tx:
                await notes.add(
                    tx,
                    kind=NoteKind.ALERT,
                    sender="main",
                    address="office@example.org",
                    message=b"Subject: x\r\n\r\nx\r\n",
                    dedupe_key="x",
                    now=house.clock(),
                )
            house.clock.tick(days=3)
            assert 1 == len((await flow.run_due(context)).paused)

    asyncio.run(main())


def test_a_service_down_for_days(url: str) -> None:
    """Half of it went out before the weekend: on Tuesday nobody gets old news unasked."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            sink.answer = lambda stage, _: "451 4.3.0 no more" if stage == "mail" and len(sink.taken) >= 20 else None
            await house.people(40)
            await house.seal()
            context = patient(house, house.context(sink.url, connections=1))
            assert (20, 20) == ((first := await flow.run_due(context)).accepted, first.owed)
            sink.answer = at("", "")
            house.clock.tick(days=5)
            report = await flow.run_due(context)
            assert (0, 20, 1) == (report.accepted, report.owed, len(report.paused))

    asyncio.run(main())


def test_what_is_answered_is_not_stale(url: str) -> None:
    """A relay that defers everybody does answer: the give-up clock is what runs."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at("rcpt", "450 4.2.0 later")) as sink:
            await house.people(3)
            await house.seal()
            context = patient(house, house.context(sink.url), stale_after="1 day", give_up_after="30 days")
            for _ in range(9):
                house.clock.tick(hours=12)
                assert () == (await flow.run_due(context)).paused
            assert MailingStatus.PAUSED is not (await house.mailing()).status

    asyncio.run(main())


def test_an_allowance_is_not_stale(url: str) -> None:
    """Waiting for tomorrow's allowance is going on, not standing still."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(20)
            await house.seal(start_at=house.clock() + timedelta(hours=1))
            context = patient(house, house.context(sink.url, per_day=10), stale_after="2 h")
            house.clock.tick(hours=1)
            report = await flow.run_due(context)
            assert (10, 10) == (report.accepted, report.owed)
            assert report.next_due
            house.clock.at = report.next_due
            assert () == (await flow.run_due(context)).paused

    asyncio.run(main())


def test_a_key_that_was_taken_away(url: str) -> None:
    """What it signs stands still and is told of, all else goes on; with the key back so does the mailing."""
    told: list[str] = []

    async def alert(tx: Tx, incident: Incident) -> None:
        told.append(incident.lines[0])

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(5)
            mailing = await house.seal()
            context = house.alerted(house.context(sink.url), alert)
            other = Keyring.parse("2:another key for these tests")
            report = await flow.run_due(replace(context, keys=other))
            assert (5, [mailing]) == (report.owed, [each.id for each in report.paused])
            assert ['DIGEST_SECRET_KEY has no key "1" any more, which signs its links and Message-IDs'] == told
            async with house.store.write() as tx:
                await flow.resume(tx, mailing, now=house.clock())
            assert 5 == (await flow.run_due(context)).counts.accepted

    asyncio.run(main())
