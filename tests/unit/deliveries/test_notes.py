"""Notes: single letters, ahead of every mailing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from digest.deliveries import flow
from digest.deliveries.incident import Incident
from digest.model.deliveries import NoteKind, NoteState
from digest.store import notes, stopping
from digest.store.database import Tx
from digest.store.schema import notes as rows
from digest.store.stopping import Stop
from tests.unit.deliveries.sink import Answer

from .house import NOW, House, opened
from .sink import TAKE_AND_DROP, Sink, usual

LETTER = b"Subject: hello\r\n\r\n.a dot\r\n..two\r\nend\r\n"


async def owe(
    house: House,
    key: str = "k",
    *,
    sender: str = "main",
    address: str = "ada@example.com",
    kind: NoteKind = NoteKind.CONFIRM,
) -> bool:
    async with house.store.write() as tx:
        return await note(tx, house, key, sender=sender, address=address, kind=kind)


async def note(tx: Tx, house: House, key: str, *, sender: str, address: str, kind: NoteKind) -> bool:
    return await notes.add(
        tx,
        kind=kind,
        sender=sender,
        address=address,
        message=LETTER,
        dedupe_key=key,
        now=house.clock(),
    )


async def state(house: House, key: str = "k") -> NoteState | None:
    async with house.store.read() as tx:
        return await notes.state_of(tx, key)


def once(stage: str, reply: str) -> Answer:
    said = False

    def answer(where: str, argument: str) -> str | None:
        nonlocal said
        if where != stage or said:
            return None
        said = True
        return reply

    return answer


def test_sent_once_by_its_key(store_url: str) -> None:
    """The same key owes nothing new, sent or not; bytes arrive as they were."""

    async def main() -> None:
        async with opened(store_url) as house, Sink() as sink:
            assert await owe(house)
            assert not await owe(house)
            context = house.context(sink.url)
            assert 1 == (await flow.run_due(context)).notes
            assert not await owe(house)
            assert 0 == (await flow.run_due(context)).notes
            assert [LETTER] == [taken.message for taken in sink.taken]
            assert NoteState.ACCEPTED is await state(house)

    asyncio.run(main())


def test_ahead_of_a_mailing(url: str) -> None:
    """Nobody waits for a confirmation behind a mailing, also when that is under way."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(800)
            await house.seal()
            await owe(house, "before", address="before@example.com")
            later: list[asyncio.Task[bool]] = []

            def ask(progress: flow.Progress) -> None:
                if not later:
                    later.append(asyncio.create_task(owe(house, "during", address="during@example.com")))

            await flow.run_due(house.context(sink.url), progress=ask)
            assert await later[0]
            assert "before@example.com" == sink.recipients[0]
            assert sink.recipients.index("during@example.com") < 700

    asyncio.run(main())


def test_ahead_of_a_mailing_at_full_pace(url: str) -> None:
    """With a lump of places given away a note is within the next seconds' letters, by the reserve kept for it."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(40)
            await house.seal()
            later: list[asyncio.Task[bool]] = []

            def ask(progress: flow.Progress) -> None:
                if not later:
                    later.append(asyncio.create_task(owe(house, "during", address="during@example.com")))

            context = house.context(sink.url, rate="10/s", connections=1)
            report = await flow.run_due(context, progress=ask, horizon=timedelta(seconds=10))
            assert (40, 1) == (report.accepted, report.notes)
            assert sink.recipients.index("during@example.com") <= 20

    asyncio.run(main())


def test_beside_a_mailing_that_hangs(url: str) -> None:
    """While the relay takes its time over a letter, a note goes by a connection of its own."""

    async def main() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        class Slow(Sink):
            async def _message(self, *arguments: Any) -> str:
                if arguments[2] == "person1@example.com":
                    begun.set()
                    await go_on.wait()
                return await super()._message(*arguments)

        async with opened(url) as house, Slow() as sink:
            await house.people(3)
            await house.seal()
            run = asyncio.create_task(flow.run_due(house.context(sink.url, connections=1)))
            await begun.wait()
            await owe(house)
            await sink.until(lambda sink: "ada@example.com" in sink.recipients)
            assert ["ada@example.com"] == sink.recipients
            go_on.set()
            report = await run
            assert (3, 1) == (report.accepted, report.notes)

    asyncio.run(main())


def test_later_is_tried_again(url: str) -> None:
    """A 4xx waits its minute; 48 hours of them are enough."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=once("rcpt", "450 4.2.0 later")) as sink:
            await owe(house)
            context = house.context(sink.url)
            report = await flow.run_due(context)
            assert (0, NoteState.OWED) == (report.notes, await state(house))
            assert report.next_due
            assert timedelta(minutes=1) <= report.next_due - house.clock() <= timedelta(minutes=2)
            assert 1 == (await flow.run_due(context, horizon=timedelta(minutes=2))).notes

    asyncio.run(main())


def always(reply: str, where: str = "rcpt") -> Answer:
    return lambda stage, _: reply if stage == where else None


def test_later_for_ever_is_given_up(url: str) -> None:
    """Two days after the first answer a note is of no use to anybody."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=always("450 4.2.0 later")) as sink:
            await owe(house)
            context = house.context(sink.url)
            while (report := await flow.run_due(context)).next_due:
                house.clock.at = report.next_due
            assert NoteState.REJECTED is await state(house)
            waited = house.clock() - NOW
            assert timedelta(hours=48) <= waited <= timedelta(hours=51)

    asyncio.run(main())


@pytest.mark.parametrize(("attempts", "left"), [(191, NoteState.OWED), (192, NoteState.REJECTED)])
def test_refused_as_sender_for_ever_is_given_up(url: str, attempts: int, left: NoteState) -> None:
    """Every quarter of an hour it is tried again, for two days of answers."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=always("550 5.7.1 go away")) as sink:
            await owe(house)
            async with house.store.write() as tx:
                since = NOW - timedelta(days=4)
                await tx.execute(update(rows).values(attempts=attempts, answered_at=since))
            report = await flow.run_due(house.context(sink.url))
            again = house.clock() + timedelta(minutes=15) if left is NoteState.OWED else None
            assert (left, again) == (await state(house), report.next_due)

    asyncio.run(main())


@pytest.mark.parametrize("reply", ["450 4.2.0 later", "550 5.7.1 go away"])
@pytest.mark.parametrize("answered", [0, 1])
def test_days_without_a_relay_do_not_count(url: str, answered: int, reply: str) -> None:
    """A relay that was down for three days, before its first answer or after, takes nothing from a note's time."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=always(reply)) as sink:
            await owe(house)
            context = house.context(sink.url)
            for _ in range(answered):
                await flow.run_due(context)
            sink.answer = always("554 no", "connect")
            house.clock.tick(days=3)
            assert "554" in (await flow.run_due(house.context(sink.url))).relay_error
            sink.answer = always(reply)
            await flow.run_due(house.context(sink.url))
            assert NoteState.OWED is await state(house)

    asyncio.run(main())


def test_refused(url: str) -> None:
    """A 5xx ends it."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=once("rcpt", "550 5.1.1 unknown")) as sink:
            await owe(house)
            await flow.run_due(house.context(sink.url))
            assert NoteState.REJECTED is await state(house)

    asyncio.run(main())


def test_operators_hear_of_a_refusal_of_us_once(url: str) -> None:
    """Not for each try, nor for each note; and the news itself, refused alike, makes none of its own."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=always("550 5.7.1 go away")) as sink:
            told: list[Incident] = []

            async def hear(tx: Tx, incident: Incident) -> None:
                kind, to = NoteKind.ALERT, "office@example.com"
                if await note(tx, house, incident.key, sender=incident.sender, address=to, kind=kind):
                    told.append(incident)

            await owe(house)
            await owe(house, "other", address="bob@example.com")
            context = house.alerted(house.context(sink.url), hear)
            for _ in range(3):
                await flow.run_due(context)
                house.clock.tick(minutes=15)
            [incident] = told
            assert (None, "main") == (incident.edition_id, incident.sender)
            assert "550 5.7.1 go away" in incident.lines[0]
            assert NoteState.OWED is await state(house, incident.key)

    asyncio.run(main())


def test_a_doubt_is_never_resent(url: str) -> None:
    """A second confirmation mail would be worse than none: people ask again."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=once("dot", TAKE_AND_DROP)) as sink:
            await owe(house)
            report = await flow.run_due(house.context(sink.url), horizon=timedelta(days=3))
            assert (NoteState.UNCERTAIN, None, 1) == (await state(house), report.next_due, len(sink.taken))

    asyncio.run(main())


def test_a_relay_that_is_down_keeps_it_owed(url: str) -> None:
    """All stays owed, nothing is counted, and other senders' notes go."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=once("connect", "554 no")) as sink:
            await owe(house)
            await owe(house, "x", sender="nobody")
            report = await flow.run_due(house.context(sink.url))
            assert "554" in report.relay_error
            assert "nobody" in report.relay_error
            assert NoteState.OWED is await state(house)
            sink.answer = usual
            assert 1 == (await flow.run_due(house.context(sink.url))).notes
            assert NoteState.OWED is await state(house, "x")

    asyncio.run(main())


def test_a_dead_worker_leaves_a_doubt(store_url: str) -> None:
    """What was begun and never settled may have gone."""

    async def main() -> None:
        async with opened(store_url) as house, Sink() as sink:
            await owe(house)
            now = house.clock()
            async with house.store.write() as tx:
                [note] = await notes.due(tx, now)
                assert await notes.claim(tx, note, now=now, until=now + timedelta(minutes=1))
                assert None is await notes.claim(tx, note, now=now, until=now + timedelta(minutes=1))
            context = house.context(sink.url)
            await flow.run_due(context)
            assert NoteState.SENDING is await state(house)
            house.clock.tick(minutes=2)
            await flow.run_due(context)
            assert (NoteState.UNCERTAIN, []) == (await state(house), sink.taken)
            async with house.store.read() as tx:
                assert notes.NoteCounts(uncertain=1) == await notes.counts(tx)

    asyncio.run(main())


def test_a_stop_lets_it_end(url: str) -> None:
    """Cancelled on its way: it is answered and written down."""

    async def main() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        class Slow(Sink):
            async def _message(self, *arguments: Any) -> str:
                begun.set()
                await go_on.wait()
                return await super()._message(*arguments)

        async with opened(url) as house, Slow() as sink:
            await owe(house)
            run = asyncio.create_task(flow.run_due(house.context(sink.url)))
            await begun.wait()
            run.cancel()
            asyncio.get_running_loop().call_later(0.05, go_on.set)
            with pytest.raises(asyncio.CancelledError):
                await run
            assert (NoteState.ACCEPTED, 1) == (await state(house), len(sink.taken))

    asyncio.run(main())


def test_a_place_far_away_is_kept_in_the_ledger(url: str) -> None:
    """At a very slow pace a note is owed until its place, which it keeps; nobody takes it for one that was begun."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            for key in ("a", "b", "c"):
                await owe(house, key)
            context = house.context(sink.url, rate="12/day")
            report = await flow.run_due(context)
            assert (2, NoteState.OWED) == (report.notes, await state(house, "c"))
            assert report.next_due
            assert timedelta(hours=2) <= report.next_due - NOW <= timedelta(hours=2.5)
            again = await flow.run_due(house.context(sink.url, rate="12/day"))
            assert (0, report.next_due) == (again.notes, again.next_due)
            house.clock.at = report.next_due
            assert 1 == (await flow.run_due(context)).notes
            assert [] == house.clock.slept

    asyncio.run(main())


def test_a_place_is_kept_for_a_relay_that_comes_back(url: str) -> None:
    """At a very slow pace tries without a relay use up no place."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=always("554 no", "connect")) as sink:
            await owe(house)
            for _ in range(4):
                await flow.run_due(house.context(sink.url, rate="12/day"))
                house.clock.tick(minutes=5)
            sink.answer = usual
            assert 1 == (await flow.run_due(house.context(sink.url, rate="12/day"))).notes
            assert [] == house.clock.slept

    asyncio.run(main())


def test_a_wait_for_a_place_begins_nothing(url: str) -> None:
    """Stopped while it waits for a place that is near, a note is owed; it goes when that comes."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            for key in ("a", "b", "c"):
                await owe(house, key)
            waits = asyncio.Event()

            async def sleep(seconds: float) -> None:
                waits.set()
                await asyncio.Event().wait()

            context = house.context(sink.url, rate="1/s")
            run = asyncio.create_task(flow.run_due(replace(context, sleep=sleep)))
            await waits.wait()
            assert NoteState.OWED is await state(house, "c")
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run
            assert (2, NoteState.OWED) == (len(sink.taken), await state(house, "c"))
            house.clock.tick(seconds=2)
            assert 1 == (await flow.run_due(context)).notes

    asyncio.run(main())


@pytest.mark.long
def test_a_note_that_cannot_go_holds_up_no_mailing(url: str) -> None:
    """A sender that is missing is said so, and a mailing's start is waited for all the same."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await owe(house, sender="nobody")
            await house.people(2)
            await house.seal(start_at=house.clock() + timedelta(minutes=10))
            report = await flow.run_due(house.context(sink.url), horizon=timedelta(minutes=11))
            assert (2, True) == (report.accepted, "nobody" in report.relay_error)

    asyncio.run(main())


def test_stopped_only_operators_are_written_to(store_url: str) -> None:
    """A confirmation and a mailing wait until it is lifted; an alert goes."""

    async def main() -> None:
        async with opened(store_url) as house, Sink() as sink:
            await house.people(2)
            await house.seal()
            await owe(house, address="reader@example.com")
            await owe(house, "alert", address="office@example.com", kind=NoteKind.ALERT)
            async with house.store.write() as tx:
                await stopping.stop(tx, Stop(house.clock(), "ana", "wrong figures"))
            context = house.context(sink.url)
            await flow.run_due(context)
            assert ["office@example.com"] == sink.recipients
            async with house.store.write() as tx:
                assert await stopping.lift(tx)
            await flow.run_due(context)
            assert ["reader@example.com", "person1@example.com", "person2@example.com"] == sink.recipients[1:]

    asyncio.run(main())
