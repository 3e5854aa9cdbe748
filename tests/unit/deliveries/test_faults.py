"""Relays that refuse, stumble and die: every delivery ends in the right state."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from digest.deliveries import flow, proof
from digest.deliveries.smtp.timeouts import Timeouts
from digest.model.deliveries import DeliveryState, MailingStatus
from digest.settings.digests import Digest
from digest.store.delivery_events import by_domain, by_fault
from digest.store.schema import delivery_events, subscribers

from .house import House, opened
from .sink import DROP, TAKE_AND_DROP, Answer, Sink

D = DeliveryState


SLOWLY = pytest.param("a command at a time", marks=pytest.mark.long)


@pytest.fixture(autouse=True, params=["pipelined", SLOWLY, "the careful way"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fault ends alike, however we talk to the relay."""
    monkeypatch.setattr(Sink, "pipelining", request.param == "pipelined")
    monkeypatch.setattr(House, "pipelining", request.param != "the careful way")


def at(stage: str, reply: str, *, who: str = "", times: int = 10**9) -> Answer:
    """`reply` at `stage`, to everybody or to one recipient, so many times."""
    left = times

    def answer(where: str, argument: str) -> str | None:
        nonlocal left
        if where != stage or (who and argument != who) or not left:
            return None
        left -= 1
        return reply

    return answer


async def events(house: House) -> list[tuple[int, str, int]]:
    async with house.store.read() as tx:
        columns = delivery_events.c.subscriber_id, delivery_events.c.kind, delivery_events.c.code
        rows = await tx.execute(select(*columns).order_by(delivery_events.c.id))
        return [(row.subscriber_id, row.kind, row.code) for row in rows]


TWO = "person2@example.com"


@pytest.mark.parametrize("stage", ["rcpt", "data", "dot"])
def test_later_is_owed_again(url: str, stage: str) -> None:
    """A 4xx about one recipient is tried again after a minute; the others have theirs."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at(stage, "451 4.3.0 later", who=TWO, times=1)) as sink:
            await house.people(3)
            await house.seal()
            context = house.context(sink.url)
            report = await flow.run_due(context)
            assert (2, 1, 0) == (report.accepted, report.deferred, report.owed)
            assert {1: D.ACCEPTED, 2: D.DEFERRED, 3: D.ACCEPTED} == await house.states()
            assert report.next_due
            assert timedelta(minutes=1) <= report.next_due - house.clock() <= timedelta(minutes=2)
            assert 0 == (await flow.run_due(context)).accepted
            house.clock.tick(minutes=2)
            assert 1 == (await flow.run_due(context)).accepted
            assert 3 == len(set(sink.recipients)) == len(sink.taken)
            assert MailingStatus.SENT is (await house.mailing()).status

    asyncio.run(main())


def test_a_retry_may_be_asked_for(url: str) -> None:
    """`retry` makes deferred ones due now."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at("rcpt", "450 4.2.0 later", who=TWO, times=1)) as sink:
            await house.people(3)
            await house.seal()
            context = house.context(sink.url)
            await flow.run_due(context)
            async with house.store.write() as tx:
                assert 1 == await flow.retry(tx, now=house.clock())
            assert 1 == (await flow.run_due(context)).accepted

    asyncio.run(main())


@pytest.mark.long
def test_later_for_ever_is_given_up(url: str) -> None:
    """So long after the first deferral it is over, and the mailing with it; days without a relay do not count."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at("rcpt", "450 4.2.0 later", who=TWO)) as sink:
            await house.people(3)
            await house.seal()
            hasty = {"slug": "newsflash", "sender": "main", "schedule": "last fri 09:00", "give_up_after": "3 h"}
            context = replace(house.context(sink.url), digests={"newsflash": Digest.model_validate(hasty)})
            await flow.run_due(context, horizon=timedelta(minutes=10))
            assert 3 == sum(TWO in command for command in sink.commands)
            house.clock.tick(hours=47)
            await flow.run_due(context)
            assert D.DEFERRED is (await house.states())[2]
            await flow.run_due(context, horizon=timedelta(hours=3))
            assert {1: D.ACCEPTED, 2: D.REJECTED, 3: D.ACCEPTED} == await house.states()
            assert [(2, "deferred", 450), (2, "gave up", 450)] == await events(house)
            assert MailingStatus.SENT is (await house.mailing()).status

    asyncio.run(main())


def test_what_it_is_about_may_stand_in_the_first_line(url: str) -> None:
    """Of a reply of many lines, the last is often no more than a link."""
    long = "450-4.2.1 Receiving mail at a rate that\r\n450-4.2.1 is too much\r\n450 4.2.1 https://support.example"

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at("rcpt", long, who=TWO)) as sink:
            await house.people(3)
            mailing = await house.seal()
            report = await flow.run_due(house.context(sink.url))
            assert (2, 1) == (report.accepted, report.deferred)
            async with house.store.read() as tx:
                assert {("session", "session"): 1} == await by_fault(tx, mailing)
                [trouble] = await by_domain(tx, mailing, most=5)
            assert "4.2.1 Receiving mail at a rate that is too much https://support.example" == trouble.text

    asyncio.run(main())


@pytest.mark.parametrize("stage", ["rcpt", "data", "dot"])
def test_refused_is_over(url: str, stage: str) -> None:
    """A 5xx about one recipient ends that delivery and is kept; nobody else notices."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at(stage, "550 5.1.1 no such user", who=TWO)) as sink:
            await house.people(3)
            await house.seal()
            report = await flow.run_due(house.context(sink.url, connections=1))
            assert (2, 1) == (report.accepted, report.rejected)
            assert {1: D.ACCEPTED, 2: D.REJECTED, 3: D.ACCEPTED} == await house.states()
            assert [(2, "rejected", 550)] == await events(house)
            assert 1 == sink.connections
            assert MailingStatus.SENT is (await house.mailing()).status

    asyncio.run(main())


@pytest.mark.parametrize(
    ("stage", "reply"),
    [("mail", "550 sender refused"), ("rcpt", "550 5.7.1 not from you"), ("dot", "554 5.7.26 unauthenticated")],
)
def test_refusing_us_stops_the_mailing(url: str, stage: str, reply: str) -> None:
    """A sender fault is nobody's but ours: all stays owed, the mailing stands still and says why."""

    async def main() -> None:
        sink = Sink(answer=at(stage, reply))
        async with opened(url) as house, sink:
            await house.people(30)
            mailing = await house.seal()
            context = house.context(sink.url)
            report = await flow.run_due(context)
            assert (0, 30, 0) == (report.accepted, report.owed, report.rejected)
            assert reply in report.paused[0].why
            async with house.store.read() as tx:
                assert {False} == set((await tx.execute(select(subscribers.c.suppressed))).scalars())
            sink.answer = at("none", "")
            async with house.store.write() as tx:
                assert await flow.resume(tx, mailing, now=house.clock())
            assert 30 == (await flow.run_due(context)).accepted

    asyncio.run(main())


def test_one_policy_refusal_stops_the_others_once(url: str) -> None:
    """After somebody said go, the recipient who draws it again waits, and the others have theirs."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at("rcpt", "550 5.7.1 not from you", who=TWO)) as sink:
            await house.people(5)
            mailing = await house.seal()
            context = house.context(sink.url, connections=1)
            assert (await flow.run_due(context)).paused
            async with house.store.write() as tx:
                await flow.resume(tx, mailing, now=house.clock())
            report = await flow.run_due(context)
            assert () == report.paused
            assert (4, D.DEFERRED) == (len(sink.taken), (await house.states())[2])

    asyncio.run(main())


def test_a_relay_that_is_down(url: str) -> None:
    """Connection refused: everything stays owed, said so, and the next run sends it."""

    async def main() -> None:
        async with opened(url) as house:
            await house.people(60)
            await house.seal()
            async with Sink() as sink:
                port = sink.port
            down = await flow.run_due(house.context(sink.url), horizon=timedelta(seconds=60))
            assert (0, 60, 0) == (down.accepted, down.owed, down.deferred)
            assert str(port) in down.relay_error
            assert [] == await events(house)
            async with Sink(port=port) as sink:
                assert 60 == (await flow.run_due(house.context(sink.url))).accepted

    asyncio.run(main())


@pytest.mark.parametrize(
    ("stage", "reply"),
    [("connect", "554 no service"), ("connect", DROP), ("hello", "550 go away"), ("mail", "421 busy"), ("mail", DROP)],
)
def test_a_session_that_never_begins(url: str, stage: str, reply: str) -> None:
    """Refused at the door is nobody's fault: owed as before, tried only a few times."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at(stage, reply)) as sink:
            await house.people(30)
            await house.seal()
            report = await flow.run_due(house.context(sink.url))
            assert (0, 30) == (report.accepted, report.owed)
            assert report.relay_error
            assert [] == await events(house)
            assert sink.connections < 10

    asyncio.run(main())


def test_a_tired_relay_is_left_alone(url: str) -> None:
    """The same process does not knock again at once."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at("connect", "554 no service")) as sink:
            await house.people(3)
            await house.seal()
            context = house.context(sink.url, connections=1)
            for _ in range(5):
                assert "554" in (await flow.run_due(context)).relay_error
            assert 1 == sink.connections

    asyncio.run(main())


def test_the_next_relay_takes_over(url: str) -> None:
    """Relays are tried in their order."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at("connect", "554 no")) as first, Sink() as second:
            await house.people(20)
            await house.seal()
            report = await flow.run_due(house.context(first.url, second.url))
            assert (20, "") == (report.accepted, report.relay_error)
            assert 20 == len(second.taken)

    asyncio.run(main())


@pytest.mark.parametrize(("stage", "reply"), [("rcpt", "421 4.7.0 enough"), ("rcpt", DROP), ("dot", "421 closing")])
def test_a_session_that_breaks_now_and_then(url: str, stage: str, reply: str) -> None:
    """421 and lost connections before the verdict cost a new connection, and no subscriber anything."""
    count = 0

    def answer(where: str, argument: str) -> str | None:
        nonlocal count
        count += where == stage
        return reply if where == stage and count % 7 == 0 else None

    async def main() -> None:
        async with opened(url) as house, Sink(answer=answer) as sink:
            await house.people(60)
            await house.seal()
            report = await flow.run_due(house.context(sink.url))
            assert 60 == report.accepted
            assert {1} == set(Counter(sink.recipients).values())
            assert [] == await events(house)

    asyncio.run(main())


def test_one_who_breaks_every_session_stops_nobody(url: str) -> None:
    """A recipient that draws 421 each time waits; the others have theirs."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at("rcpt", "421 go", who="person1@example.com")) as sink:
            await house.people(5)
            await house.seal()
            report = await flow.run_due(house.context(sink.url, connections=1))
            assert (4, 1) == (report.accepted, report.deferred)

    asyncio.run(main())


def test_lost_after_the_dot_is_uncertain(url: str) -> None:
    """It is listed, waits a quarter of an hour, and is resent once with the same Message-ID."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at("dot", TAKE_AND_DROP, who=TWO, times=1)) as sink:
            await house.people(3)
            await house.seal()
            context = house.context(sink.url)
            report = await flow.run_due(context)
            assert (2, 1, 0) == (report.accepted, report.uncertain, report.owed)
            assert house.clock() + timedelta(minutes=15) == report.next_due
            [doubt] = await house.doubts()
            assert ("person2@example.com", "newsflash", "2026-06-26") == (doubt.email, doubt.digest, doubt.edition)
            assert (house.clock(), report.next_due) == (doubt.since, doubt.again)
            assert MailingStatus.SENT is not (await house.mailing()).status
            house.clock.tick(minutes=15)
            again = await flow.run_due(context)
            assert (1, 0) == (again.accepted, again.uncertain)
            twice = [taken.message for taken in sink.taken if taken.recipient == TWO]
            assert 1 == len({line for each in twice for line in each.splitlines() if line.startswith(b"Message-ID")})
            assert 2 == len(twice)
            assert () == await house.doubts()
            assert ["accepted"] == [each.resolution for each in await house.doubts(resolved=True)]

    asyncio.run(main())


def test_many_doubts_wait_for_a_person(url: str) -> None:
    """More at once than connections: held, listed, and resent only when asked."""
    left = {f"person{number}@example.com" for number in (1, 3, 5)}

    def answer(stage: str, argument: str) -> str | None:
        if stage != "dot" or argument not in left:
            return None
        left.discard(argument)
        return DROP

    async def main() -> None:
        async with opened(url) as house, Sink(answer=answer) as sink:
            await house.people(6)
            await house.seal()
            context = house.context(sink.url, connections=2)
            report = await flow.run_due(context, horizon=timedelta(hours=1))
            assert (3, 3, None) == (report.accepted, report.uncertain, report.next_due)
            assert [None] * 3 == [doubt.again for doubt in await house.doubts()]
            assert MailingStatus.SENT is (await house.mailing()).status
            async with house.store.write() as tx:
                assert 0 == await flow.retry(tx, now=house.clock())
                assert 3 == await flow.retry(tx, now=house.clock(), uncertain=True)
            assert 3 == (await flow.run_due(context)).accepted
            assert () == await house.doubts()
            assert 3 == len(await house.doubts(resolved=True))

    asyncio.run(main())


def test_doubts_one_after_another_stop_the_rest(url: str) -> None:
    """A relay that answers nobody is not asked to take everybody: three doubts in a row, and it is left alone."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at("dot", TAKE_AND_DROP)) as sink:
            await house.people(40)
            await house.seal()
            report = await flow.run_due(house.context(sink.url, connections=10), horizon=timedelta(minutes=1))
            assert (0, 37, 3, 3) == (report.accepted, report.owed, report.uncertain, len(sink.taken))
            assert "lost" in report.relay_error

    asyncio.run(main())


@pytest.mark.long
def test_doubted_twice_waits_for_a_person(url: str) -> None:
    """Once resent and again lost, nothing is sent by itself any more."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at("dot", DROP)) as sink:
            await house.people(1)
            await house.seal()
            report = await flow.run_due(house.context(sink.url), horizon=timedelta(hours=1))
            assert (0, 1, None) == (report.accepted, report.uncertain, report.next_due)
            assert [2] == [each.attempts for each in await house.doubts()]
            assert 2 == sink.connections

    asyncio.run(main())


def test_silence_after_the_dot(url: str) -> None:
    """A relay that never answers leaves a doubt, not a hanging worker."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at("dot", "250-never ends")) as sink:
            await house.people(1)
            await house.seal()
            context = replace(house.context(sink.url), timeouts=Timeouts(dot=0.05, sweep=0.05))
            assert 1 == (await flow.run_due(context)).uncertain

    asyncio.run(main())


def test_garbage(url: str) -> None:
    """What is no reply at all ends the session; after the dot it is a doubt."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=at("dot", "so what?", who=TWO)) as sink:
            await house.people(2)
            await house.seal()
            await flow.run_due(house.context(sink.url))
            assert {1: D.ACCEPTED, 2: D.UNCERTAIN} == await house.states()

    asyncio.run(main())


def test_refusals_among_the_first_stop_the_rest(url: str) -> None:
    """5 % of the first 50 refused: nobody else is written to until somebody says so."""
    bad = {f"person{n}@example.com" for n in (3, 20, 40)}

    def answer(stage: str, argument: str) -> str | None:
        return "550 5.1.1 unknown" if stage == "rcpt" and argument in bad else None

    async def main() -> None:
        async with opened(url) as house, Sink(answer=answer) as sink:
            await house.people(200)
            mailing = await house.seal()
            context = house.context(sink.url)
            report = await flow.run_due(context)
            assert (47, 3, 150) == (report.accepted, report.rejected, report.owed)
            assert "3 of the first 50 were refused" == report.paused[0].why
            async with house.store.write() as tx:
                await flow.resume(tx, mailing, now=house.clock())
            assert 150 == (await flow.run_due(context)).accepted

    asyncio.run(main())


def test_refusals_later_on_stop_the_rest(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first were all taken: 5 % refused among those after them stop it all the same."""
    monkeypatch.setattr(proof, "SHARD", 60)

    def answer(stage: str, argument: str) -> str | None:
        number = int(argument.partition("@")[0].removeprefix("person")) if stage == "rcpt" else 0
        return "552 5.2.2 full" if number > 50 and number % 10 == 0 else None

    async def main() -> None:
        async with opened(url) as house, Sink(answer=answer) as sink:
            await house.people(300)
            await house.seal()
            report = await flow.run_due(house.context(sink.url))
            assert (104, 6, 190) == (report.accepted, report.rejected, report.owed)
            assert ["6 of 60 were refused"] == [each.why for each in report.paused]

    asyncio.run(main())


def test_an_address_we_cannot_write_stops_nobody(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is rejected by itself and says why: among the first 50 and later, no relay refused anybody."""
    monkeypatch.setattr(proof, "SHARD", 60)
    unwritable = {3, 20, 40, *range(60, 300, 10)}

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(300)
            await house.rename(*(unwritable - {40}))
            await house.readdress(40, "nobody at home")
            await house.seal()
            report = await flow.run_due(house.context(sink.url))
            assert (273, 27, 0, ()) == (report.accepted, report.rejected, report.owed, report.paused)
            assert unwritable == {who for who, state in (await house.states()).items() if state is D.REJECTED}
            assert {(who, "rejected", 0) for who in unwritable} == set(await events(house))
            assert MailingStatus.SENT is (await house.mailing()).status
            async with house.store.read() as tx:
                texts = set((await tx.execute(select(delivery_events.c.text))).scalars())
                assert {False} == set((await tx.execute(select(subscribers.c.suppressed))).scalars())
            assert 2 == len(texts)
            assert all("no SMTPUTF8" in each or "no address that can be written to" in each for each in texts)

    asyncio.run(main())


def test_a_relays_refusals_count_without_ours(url: str) -> None:
    """Refusals are held against what a relay answered: 3 of 47 stop a mailing, with three more of our own besides."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            bad = {f"person{number}@example.com" for number in (4, 21, 41)}
            sink.answer = lambda stage, who: "552 5.2.2 full" if stage == "rcpt" and who in bad else None
            await house.people(200)
            await house.rename(3, 20, 40)
            await house.seal()
            report = await flow.run_due(house.context(sink.url))
            assert (44, 6, 150) == (report.accepted, report.rejected, report.owed)
            assert ["3 of the first 47 were refused"] == [each.why for each in report.paused]

    asyncio.run(main())


def test_a_stop_lets_letters_end(url: str) -> None:
    """Cancelled in the middle: what is on its way is answered and written down, the rest stays owed."""

    async def main() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        class Slow(Sink):
            async def _message(self, *arguments: Any) -> str:
                begun.set()
                await go_on.wait()
                return await super()._message(*arguments)

        async with opened(url) as house, Slow() as sink:
            await house.people(40)
            await house.seal()
            run = asyncio.create_task(flow.run_due(house.context(sink.url, connections=3)))
            await begun.wait()
            run.cancel()
            asyncio.get_running_loop().call_later(0.05, go_on.set)
            with pytest.raises(asyncio.CancelledError):
                await run
            states = Counter((await house.states()).values())
            assert {D.ACCEPTED: len(sink.taken), D.OWED: 40 - len(sink.taken)} == states
            assert 1 <= len(sink.taken) <= 3
            await flow.run_due(house.context(sink.url))
            assert 40 == len(set(sink.recipients)) == len(sink.taken)

    asyncio.run(main())


@pytest.mark.parametrize(("people", "resent"), [(2, 2), (3, 0)])
def test_a_dead_worker_leaves_doubts(url: str, people: int, resent: int) -> None:
    """What it had claimed may have gone: resent by itself only when they are few."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(people)
            mailing = await house.seal()
            await house.die_while_sending(mailing)
            context = house.context(sink.url, connections=2)
            blocked = await flow.run_due(context)
            assert (0, people) == (blocked.accepted, blocked.owed)
            house.clock.tick(minutes=2)
            report = await flow.run_due(context)
            assert (0, people, people) == (report.accepted, report.uncertain, len(await house.doubts()))
            house.clock.tick(minutes=20)
            assert resent == (await flow.run_due(context)).accepted

    asyncio.run(main())
