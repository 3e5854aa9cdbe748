"""After a worker's end its journal says what became of each letter."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from digest.deliveries import flow, journal, replay, shard
from digest.deliveries.context import Context, Routes
from digest.deliveries.incident import Incident
from digest.deliveries.journal import Journal
from digest.errors import StoreError
from digest.model.deliveries import DeliveryState, Outcome, OutcomeKind
from digest.store import deliveries as ledger
from digest.store import leases
from digest.store.database import Tx
from digest.store.schema import metadata

from .house import House, opened
from .sink import Sink

D = DeliveryState
ACCEPTED = Outcome(kind=OutcomeKind.ACCEPTED, code=250)
REJECTED = Outcome(kind=OutcomeKind.REJECTED, code=550, text="5.1.1 no such user")
DEFERRED = Outcome(kind=OutcomeKind.DEFERRED, code=450, text="4.2.0 later")


async def died(house: House, mailing: int, answers: Sequence[Outcome], *, dotted: int) -> Journal:
    """What a worker leaves that claimed all there is, got these answers, and wrote so many dots more."""
    context = house.context("smtp://127.0.0.1:1")
    assert context.journal
    owner, now = secrets.token_hex(4), house.clock()
    async with house.store.write() as tx:
        shard = await leases.take(tx, mailing, 0, owner=owner, now=now, until=now + timedelta(minutes=1))
        assert shard
        claimed = await ledger.claim(tx, shard, digest="newsflash", limit=500, now=now)
    kept = Journal(context.journal.folder, owner)
    page = kept.open(mailing, 0, claimed.subscribers)
    for place, answer in enumerate(answers):
        page.dotted(place)
        page.answered(place, answer)
    for place in range(len(answers), len(answers) + dotted):
        page.dotted(place)
    return kept


def test_each_letter_has_its_own_end(url: str) -> None:
    """Answered: its answer. Dotted: in doubt. Neither: owed, and sent at once, without waiting for the lease."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(6)
            mailing = await house.seal()
            kept = await died(house, mailing, [ACCEPTED, REJECTED, DEFERRED], dotted=1)
            kill(kept)
            await flow.run_due(house.context(sink.url))
            expected = {1: D.ACCEPTED, 2: D.REJECTED, 3: D.DEFERRED, 4: D.UNCERTAIN, 5: D.ACCEPTED, 6: D.ACCEPTED}
            assert expected == await house.states()
            assert ["person5@example.com", "person6@example.com"] == sorted(sink.recipients)
            assert ["person4@example.com"] == [doubt.email for doubt in await house.doubts()]
            assert not list(kept.folder.iterdir())

    asyncio.run(main())


def test_what_was_claimed_and_never_begun_is_owed(url: str) -> None:
    """A worker that dies before it has written down whom it claimed has dotted nothing: its file says so."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(30)
            mailing = await house.seal()
            context = house.context("smtp://127.0.0.1:1")
            async with Routes(context) as routes:
                begun = await shard._begin(context, mailing, 0, routes.of("main"), None)
                assert begun
                assert 30 == len(await begun.claim())
            assert context.journal
            kill(context.journal)
            await flow.run_due(house.context(sink.url))
            assert {D.ACCEPTED} == set((await house.states()).values())
            assert ((), 30) == (await house.doubts(), len(sink.recipients))

    asyncio.run(main())


def test_a_living_worker_keeps_its_letters(url: str) -> None:
    """As long as it lives and has its lease, nobody touches what it claimed."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(3)
            mailing = await house.seal()
            kept = await died(house, mailing, [ACCEPTED], dotted=1)
            await flow.run_due(house.context(sink.url))
            assert {D.SENDING} == set((await house.states()).values())
            assert [] == sink.recipients
            kill(kept)

    asyncio.run(main())


def test_after_a_reboot_all_of_it_is_in_doubt(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal from before says nothing: what was on its way is uncertain, once the lease has run out."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(3)
            mailing = await house.seal()
            kill(await died(house, mailing, [ACCEPTED], dotted=1))
            monkeypatch.setattr(journal, "boot", lambda: "another")
            house.clock.tick(minutes=2)
            await flow.run_due(house.context(sink.url, connections=3))
            assert {D.UNCERTAIN} == set((await house.states()).values())
            assert [] == sink.recipients

    asyncio.run(main())


def test_many_doubts_wait_for_a_person_who_is_told(url: str) -> None:
    """More than there were connections: something is odd, and nobody gets two by himself."""

    async def main() -> None:
        told: list[Incident] = []

        async def alert(tx: Tx, incident: Incident) -> None:
            told.append(incident)

        async with opened(url) as house, Sink() as sink:
            await house.people(4)
            mailing = await house.seal()
            kill(await died(house, mailing, [], dotted=3))
            context = house.alerted(house.context(sink.url, connections=2), alert)
            await flow.run_due(context)
            house.clock.tick(hours=1)
            await flow.run_due(context)
            assert [D.UNCERTAIN] * 3 + [D.ACCEPTED] == list((await house.states()).values())
            assert ["Letters in doubt"] == [incident.title for incident in told]
            async with house.store.write() as tx:
                assert 3 == await flow.retry(tx, now=house.clock(), uncertain=True)
            await flow.run_due(context)
            assert {D.ACCEPTED} == set((await house.states()).values())
            assert 3 == len(await house.doubts(resolved=True))
            assert () == await house.doubts()

    asyncio.run(main())


def test_few_doubts_are_resent_once_after_a_while(url: str) -> None:
    """With the same Message-ID, a quarter of an hour later, and listed for ever."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(2)
            mailing = await house.seal()
            kill(await died(house, mailing, [], dotted=1))
            context = house.context(sink.url, connections=2)
            await flow.run_due(context)
            house.clock.tick(minutes=14)
            await flow.run_due(context)
            assert ["person2@example.com"] == sink.recipients
            house.clock.tick(minutes=1)
            await flow.run_due(context)
            assert ["person1@example.com", "person2@example.com"] == sorted(sink.recipients)
            assert ["accepted"] == [doubt.resolution for doubt in await house.doubts(resolved=True)]

    asyncio.run(main())


async def refused(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose answers the ledger does not take."""

    async def refuse(*_: object, **__: object) -> None:
        raise StoreError("database is locked", about="test")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "accept", refuse)
        with pytest.raises(StoreError):
            await flow.run_due(context)


def test_answers_outlive_a_ledger_that_refuses(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk or a locked database loses no answer: it is written down when that is over, and nobody gets two."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(5)
            await house.seal()
            context = house.context(sink.url)
            await refused(context, monkeypatch)
            assert 5 == len(sink.recipients)
            report = await flow.run_due(context)
            assert (5, 0) == (report.counts.accepted, report.owed)
            assert 5 == len(sink.recipients)
            assert () == await house.doubts(resolved=True)

    asyncio.run(main())


def test_what_two_claims_of_a_shard_left_is_written_down_together(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the last answers to one claim are waited for, the next is on its way: a ledger that fails loses neither."""
    accept = ledger.accept

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(620)
            await house.seal()
            context = house.context(sink.url, connections=2)

            async def refuse(*given: Any, **more: Any) -> None:
                if len(sink.taken) > 560:
                    raise StoreError("database is locked", about="test")
                await accept(*given, **more)

            with monkeypatch.context() as patch:
                patch.setattr(ledger, "accept", refuse)
                with pytest.raises(StoreError):
                    await flow.run_due(context)
            assert 2 == len(context.journal._left if context.journal else ())
            report = await flow.run_due(context)
            assert (620, 0) == (report.counts.accepted, report.owed)
            assert 620 == len(set(sink.recipients)) == len(sink.taken)
            assert () == await house.doubts(resolved=True)

    asyncio.run(main())


@pytest.mark.parametrize("seen", [True, False])
def test_what_an_older_ledger_does_not_know_holds_nobody_up(
    url: str, monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    """Restored under a worker that runs: whether or not it saw the quarantine, it sends what that one owes."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(5)
            await house.seal()
            context = house.context(sink.url)
            await refused(context, monkeypatch)
            async with house.store.write() as tx:
                for table in ("deliveries", "delivery_events", "shards", "letters", "mailings"):
                    await tx.execute(metadata.tables[table].delete())
            if seen:
                replay.forget(context)
            await flow.run_due(context)
            await house.seal()
            report = await flow.run_due(context)
            assert (5, 0) == (report.counts.accepted, report.owed)
            assert 10 == len(sink.recipients)

    asyncio.run(main())


def kill(kept: Journal) -> None:
    """What the kernel does with a lock when its process is gone."""
    assert kept._file is not None
    for page in kept._pages:
        page.close()
    os.close(kept._file)
