"""A mailing, from sealed to sent."""

from __future__ import annotations

import asyncio
import email
import email.policy
import itertools
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.deliveries import flow, shard, turn
from digest.deliveries.context import LEASE, Routes
from digest.deliveries.progress import Progress
from digest.deliveries.smtp.crew import Crew
from digest.engine import loop
from digest.errors import StoreError
from digest.model.deliveries import DeliveryState, MailingStatus
from digest.model.subscribers import SuppressionReason
from digest.store import deliveries, leases, mailings, shards, suppressions
from digest.store.database import Tx
from digest.store.writer import Writer
from tests.unit.deliveries.sink import Answer

from .house import House, opened
from .sink import Sink


def test_who_is_stopped_while_it_takes_a_lease_gives_it_back(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step on the ledger's thread ends without it: nobody waits ten seconds for what nobody holds."""
    begun, go_on, letters = threading.Event(), threading.Event(), mailings.letters_of

    async def slow(tx: Tx, mailing: int) -> object:
        begun.set()
        go_on.wait(60)
        return await letters(tx, mailing)

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(3)
            mailing, proving = await house.seal(), (MailingStatus.PROVING,)
            async with house.store.write() as tx:
                # Of the first shard somebody is told, on the loop.
                assert await mailings.move(tx, mailing, old=proving, new=MailingStatus.SENDING, now=house.clock())
            context = house.context(sink.url)
            monkeypatch.setattr(mailings, "letters_of", slow)
            run = asyncio.create_task(flow.run_due(context))
            await asyncio.to_thread(begun.wait, 60)
            run.cancel()
            await asyncio.sleep(0)
            go_on.set()
            await asyncio.gather(run, return_exceptions=True)
            assert (3, 0) == ((await flow.run_due(house.context(sink.url))).accepted, len(sink.taken) - 3)

    asyncio.run(main())


@pytest.mark.parametrize("fast", [False, True])
def test_a_thousand_get_one_each(store_url: str, fast: bool) -> None:
    """1,000 deliveries leave exactly 1,000 accepted messages, one each, on either loop; run again sends none."""

    async def main() -> None:
        async with opened(store_url) as house, Sink() as sink:
            await house.people(1000)
            await house.seal()
            context = house.context(sink.url, connections=8)
            report = await flow.run_due(context)
            again = await flow.run_due(context)
            assert (1000, 0, 0, None) == (report.accepted, report.owed, report.deferred, report.next_due)
            assert {f"person{n}@example.com": 1 for n in range(1, 1001)} == dict(Counter(sink.recipients))
            assert 0 == again.accepted
            assert 1000 == len(sink.taken)
            assert MailingStatus.SENT is (await house.mailing()).status
            assert [(await house.mailing()).id] == [each.id for each in report.settled]
            assert () == again.settled

    loop.run(main(), fast=fast)


def test_two_workers_send_each_once(url: str) -> None:
    """Two processes that share a ledger share its shards: nobody gets two."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(400)
            await house.seal()
            contexts = [house.context(sink.url), house.context(sink.url)]
            await flow.run_due(contexts[0])
            await asyncio.gather(*(flow.run_due(context) for context in contexts))
            assert 400 == len(set(sink.recipients)) == len(sink.taken)

    asyncio.run(main())


def test_whoever_left_in_between_gets_nothing(url: str) -> None:
    """The claim looks again: unsubscribed since the sealing is withdrawn."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(5)
            await house.seal()
            await house.leave(3)
            report = await flow.run_due(house.context(sink.url))
            assert "person3@example.com" not in sink.recipients
            assert (4, 1) == (report.accepted, report.counts.withdrawn)
            assert DeliveryState.WITHDRAWN is (await house.states())[3]
            assert MailingStatus.SENT is (await house.mailing()).status

    asyncio.run(main())


def test_all_left(url: str) -> None:
    """A mailing that nobody wants any more is over without a connection."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(3)
            await house.seal()
            for subscriber in (1, 2, 3):
                await house.leave(subscriber)
            report = await flow.run_due(house.context(sink.url))
            assert (3, 0) == (report.counts.withdrawn, sink.connections)
            assert MailingStatus.SENT is (await house.mailing()).status

    asyncio.run(main())


def test_nobody_to_write_to(url: str) -> None:
    """An edition without an audience is sent at once."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(2, state="pending")
            await house.seal()
            report = await flow.run_due(house.context(sink.url))
            assert (0, 0) == (report.counts.audience, len(sink.taken))
            assert MailingStatus.SENT is (await house.mailing()).status

    asyncio.run(main())


def test_everybody_in_their_language(store_url: str) -> None:
    """By the exact tag, then its primary part; everybody else gets the first variant."""

    async def main() -> None:
        async with opened(store_url) as house, Sink() as sink:
            await house.people(1, language="en")
            await house.people(1, language="es", first=2)
            await house.people(1, language="es-mx", first=3)
            await house.people(1, language="fr", first=4)
            await house.people(1, language="", first=5)
            await house.seal()
            await flow.run_due(house.context(sink.url))
            said = {taken.recipient[6]: b"Hola" in taken.message for taken in sink.taken}
            assert {"1": False, "2": True, "3": True, "4": False, "5": False} == said

    asyncio.run(main())


def test_sealing_twice_is_sealing_once(store_url: str) -> None:
    """The constraint on edition and revision decides; the second seal answers with the first's mailing."""

    async def main() -> None:
        async with opened(store_url) as house:
            await house.people(3)
            first = await house.seal()
            await house.people(3, first=4)
            assert first == await house.seal()
            assert 3 == (await house.mailing()).audience

    asyncio.run(main())


def test_shards_cover_everybody_once(store_url: str) -> None:
    """The first holds 50 or 2 %, the others a shard's worth each, without a gap or an overlap."""

    async def main() -> None:
        async with opened(store_url) as house:
            await house.people(1060)
            await house.people(1500, first=3000)
            mailing = await house.seal()
            async with house.store.read() as tx:
                cut = await shards.of(tx, mailing)
                counts = [await shards.counts(tx, mailing, number=each.number) for each in cut]
            assert [52, 2508] == [each.owed for each in counts]
            assert [(1, 52), (53, 4499)] == [(each.first, each.last) for each in cut[:2]]
            assert all(before.last + 1 == after.first for before, after in itertools.pairwise(cut))
            assert 4499 == cut[-1].last

    asyncio.run(main())


def test_the_message(url: str) -> None:
    """The envelope is the bounces address, the header the person; a retry has the same Message-ID."""

    async def main() -> None:
        async with opened(url) as house, Sink(answer=first_later()) as sink:
            await house.people(1)
            await house.seal()
            context = house.context(sink.url)
            await flow.run_due(context)
            house.clock.tick(minutes=2)
            await flow.run_due(context)
            taken = sink.taken[0]
            message = email.message_from_bytes(taken.message, policy=email.policy.default)
            assert ("bounces@bounces.example.org", "person1@example.com") == (taken.sender, taken.recipient)
            assert "Person 1 <person1@example.com>" == message["To"]
            assert message["Message-ID"].endswith("@example.org>")
            assert "handle" not in message["Message-ID"]
            assert "<https://news.example.org/unsubscribe/handle00001.newsflash.1>" == message["List-Unsubscribe"]
            text = message.get_body(("plain",))
            assert text
            assert ".dots first" in text.get_content()

    asyncio.run(main())


def first_later() -> Answer:
    seen: set[str] = set()

    def answer(stage: str, argument: str) -> str | None:
        if stage == "rcpt" and argument not in seen:
            seen.add(argument)
            return "450 4.2.0 greylisted"
        return None

    return answer


def test_nothing_before_its_start(url: str) -> None:
    """A grace is kept: not a letter goes before it, and within the horizon it is waited for."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(2)
            start = house.clock() + timedelta(minutes=10)
            await house.seal(start_at=start)
            early = await flow.run_due(house.context(sink.url), horizon=timedelta(seconds=60))
            assert (0, start) == (early.accepted, early.next_due)
            late = await flow.run_due(house.context(sink.url), horizon=timedelta(minutes=15))
            assert 2 == late.accepted
            assert 600.0 == pytest.approx(sum(house.clock.slept))
            assert start <= house.clock()

    asyncio.run(main())


def test_progress_comes_from_the_counters(url: str) -> None:
    """Each settled claim tells how the whole mailing stands."""
    told: list[Progress] = []

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(570)
            await house.seal()
            await flow.run_due(house.context(sink.url), progress=told.append)

    asyncio.run(main())
    accepted = [progress.counts.accepted for progress in told]
    assert (50, 570) == (accepted[0], accepted[-1])
    assert [each for each in accepted if 50 < each < 570]
    assert sorted(accepted) == accepted
    assert {570} == {progress.counts.audience for progress in told}
    assert {570} == {progress.mailing.audience for progress in told}


def test_pause_resume_cancel(url: str) -> None:
    """Paused sends nothing and loses nothing; resumed goes on; cancelled withdraws the rest."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(120)
            mailing = await house.seal()
            context = house.context(sink.url)
            await change(house, mailing, "pause")
            paused = await flow.run_due(context)
            assert (0, 120, ["enough"]) == (paused.accepted, paused.owed, [each.why for each in paused.paused])
            await change(house, mailing, "resume")
            assert MailingStatus.PROVING is (await house.mailing()).status
            await change(house, mailing, "pause")
            await change(house, mailing, "cancel")
            over = await flow.run_due(context)
            assert (0, 120, 0) == (over.owed, over.counts.withdrawn, len(sink.taken))

    asyncio.run(main())


async def change(house: House, mailing: int, verb: str) -> None:
    async with house.store.write() as tx:
        if verb == "resume":
            assert await flow.resume(tx, mailing, now=house.clock())
        elif verb == "pause":
            assert await flow.pause(tx, mailing, why="enough", now=house.clock())
        else:
            assert await flow.cancel(tx, mailing, why="enough", now=house.clock())


def test_pausing_acts_within_a_claim(url: str) -> None:
    """A running mailing that is paused stops at the next claim, with nothing lost."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(2400)
            mailing = await house.seal()

            def stop(progress: Progress) -> None:
                if progress.counts.accepted > 50 and not tasks:
                    tasks.append(asyncio.create_task(change(house, mailing, "pause")))

            tasks: list[asyncio.Task[None]] = []
            report = await flow.run_due(house.context(sink.url), progress=stop)
            await asyncio.gather(*tasks)
            assert 50 < report.accepted < 2400
            assert 2400 == report.accepted + report.owed
            await change(house, mailing, "resume")
            await flow.run_due(house.context(sink.url))
            assert 2400 == len(set(sink.recipients)) == len(sink.taken)

    asyncio.run(main())


@pytest.mark.parametrize(("verb", "left"), [("pause", DeliveryState.OWED), ("cancel", DeliveryState.WITHDRAWN)])
def test_stopping_acts_though_the_relay_hangs(
    url: str, verb: str, left: DeliveryState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is claimed and not begun is let go without waiting for it; what is on its way ends.

    Within a second: it is looked for twice as often, and not only when a lease is renewed.
    """
    assert turn.WATCH * 2 <= 1
    monkeypatch.setattr(turn, "_RENEWAL", 10**6)

    async def main() -> None:
        begun, told, go_on, stop = asyncio.Event(), asyncio.Event(), asyncio.Event(), Crew.stop

        def heard(crew: Crew) -> None:
            stop(crew)
            told.set()

        monkeypatch.setattr(Crew, "stop", heard)

        class Slow(Sink):
            async def _message(self, *arguments: Any) -> str:
                begun.set()
                await go_on.wait()
                return await super()._message(*arguments)

        async with opened(url) as house, Slow() as sink:
            await house.people(30)
            mailing = await house.seal()
            run = asyncio.create_task(flow.run_due(house.context(sink.url, connections=1)))
            await begun.wait()
            await change(house, mailing, verb)
            async with asyncio.timeout(20):
                await told.wait()
            go_on.set()
            await run
            states = list((await house.states()).values())
            assert {1: DeliveryState.ACCEPTED, 29: left} == {states.count(each): each for each in set(states)}

    asyncio.run(main())


@pytest.mark.parametrize("rate", ["unlimited", "500/s"])
def test_an_answer_that_is_late_holds_up_nobody_else(url: str, rate: str) -> None:
    """A relay that thinks long about one letter gets all others meanwhile, but for the one announced behind it."""

    async def main() -> None:
        async with opened(url) as house:
            await house.people(620)

            class Thoughtful(Sink):
                async def _message(self, reader: Any, sender: str, recipient: str, say: Any) -> str:
                    if recipient == "person100@example.com":
                        await sink.until(lambda sink: len(sink.taken) >= 618)
                    return await super()._message(reader, sender, recipient, say)

            async with Thoughtful() as sink:
                await house.seal()
                context = house.context(sink.url, connections=3, rate=rate)
                context = replace(context, timeouts=replace(context.timeouts, dot=60))
                report = await flow.run_due(context)
                assert (620, 0) == (report.accepted, report.owed)
                assert 620 == len(set(sink.recipients)) == len(sink.taken)
                assert "person100@example.com" in sink.recipients[-2:]

    asyncio.run(main())


def test_suppressed_since_the_sealing(store_url: str) -> None:
    """The claim looks again: who may no longer be written to is withdrawn."""

    async def main() -> None:
        async with opened(store_url) as house, Sink() as sink:
            await house.people(3)
            await house.seal()
            async with house.store.write() as tx:
                reason = SuppressionReason.COMPLAINT
                await suppressions.add(tx, "person2@example.com", reason, source="test", now=house.clock())
            await flow.run_due(house.context(sink.url))
            assert ["person1@example.com", "person3@example.com"] == sorted(sink.recipients)
            assert DeliveryState.WITHDRAWN is (await house.states())[2]

    asyncio.run(main())


def test_the_edition_is_told_in_the_same_transaction(url: str) -> None:
    """When it begins and when it is over; a hook that fails takes the move back."""
    told: list[str] = []

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(2)
            await house.seal()

            async def moved(tx: object, mailing: mailings.MailingRow) -> None:
                told.append(mailing.status)

            context = house.context(sink.url)
            await flow.run_due(house.told(context, moved))

    asyncio.run(main())
    assert ["proving", "sent"] == told


def test_a_lease_keeps_others_out(store_url: str) -> None:
    """One owner at a time; when its time is over the next one may, and the first may not come back."""

    async def main() -> None:
        async with opened(store_url) as house:
            await house.people(2)
            mailing = await house.seal()
            now, soon = house.clock(), house.clock() + timedelta(minutes=1)
            later = soon + timedelta(seconds=1)
            async with house.store.write() as tx:
                mine = await leases.take(tx, mailing, 0, owner="one", now=now, until=soon)
                assert mine
                assert None is await leases.take(tx, mailing, 0, owner="two", now=now, until=soon)
                assert () == await shards.due_digests(tx, now)
                assert soon == await shards.next_due(tx)
                assert await leases.renew(tx, mine, owner="one", now=now, until=soon)
                assert not await leases.renew(tx, mine, owner="two", now=now, until=soon)
                assert not await leases.renew(tx, mine, owner="one", now=later, until=later)
                assert await leases.take(tx, mailing, 0, owner="two", now=later, until=later)
                claimed = await deliveries.claim(tx, mine, digest="newsflash", limit=1, now=later)
                assert (1,) == claimed.subscribers

    asyncio.run(main())


def test_all_but_a_few_are_settled_in_one_walk_and_no_others(store_url: str) -> None:
    """Where somebody else was being sent than is known of, nothing is settled at all."""

    async def main() -> None:
        async with opened(store_url) as house:
            await house.people(12)
            mailing, now = await house.seal(), house.clock()
            async with house.store.write() as tx:
                mine = await leases.take(tx, mailing, 0, owner="one", now=now, until=now + timedelta(minutes=1))
                assert mine
                who = (await deliveries.claim(tx, mine, digest="newsflash", limit=9, now=now)).subscribers
            taken = [who[place] for place in (8, 0, 5, 2, 3)]
            with pytest.raises(StoreError, match="6 were being sent where a relay took 5"):
                async with house.store.write() as tx:
                    await deliveries.accept(tx, mailing, taken, now, but=[who[place] for place in (1, 4, 7)])
            assert {DeliveryState.SENDING: 9, DeliveryState.OWED: 3} == Counter((await house.states()).values())
            async with house.store.write() as tx:
                await deliveries.accept(tx, mailing, taken, now, but=[who[place] for place in (1, 4, 6, 7)])
            states = await house.states()
            assert set(taken) == {number for number, state in states.items() if state is DeliveryState.ACCEPTED}
            assert {DeliveryState.ACCEPTED: 5, DeliveryState.SENDING: 4, DeliveryState.OWED: 3} == Counter(
                states.values()
            )

    asyncio.run(main())


def test_what_was_made_ready_for_a_claim_that_failed_goes_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Letters are made while the ledger writes; where its disk then fails, they are owed as before.

    Nor may any be written for longer than the lease that the ledger has.
    """
    carry_out = Writer.carry_out

    async def full(self: Writer, work: Callable[[Tx], Any], soon: Callable[[Any], object] | None = None) -> Any:
        loop = asyncio.get_running_loop()

        async def fails(tx: Tx) -> None:
            found = await work(tx)
            if soon:
                loop.call_soon_threadsafe(soon, found)
            raise StoreError("database or disk is full", about="the ledger")

        return await carry_out(self, fails)

    async def main() -> None:
        async with opened(f"sqlite:///{tmp_path / 'digest.db'}") as house, Sink() as sink:
            await house.people(600)
            mailing = await house.seal()
            context = house.context(sink.url)
            async with Routes(context) as routes:
                routes.of("main").portion.size = 500
                turn = await shard._begin(context, mailing, 0, routes.of("main"), None)
                assert turn
                before, until = asyncio.all_tasks(), turn._crew.until
                house.clock.tick(seconds=1)
                monkeypatch.setattr(Writer, "carry_out", full)
                with pytest.raises(StoreError, match="disk is full"):
                    await turn.claim()
                monkeypatch.setattr(Writer, "carry_out", carry_out)
                await asyncio.sleep(0)
                assert (before, until) == (asyncio.all_tasks(), turn._crew.until)
                assert {DeliveryState.OWED: 600} == Counter((await house.states()).values())
                claimed = await turn.claim()
                assert until + 1 == pytest.approx(turn._crew.until)
                await turn.send(claimed)
                await turn.rest()
                await turn.end()
            assert len(claimed) == len(set(sink.recipients)) == len(sink.recipients)

    asyncio.run(main())


def test_whoever_lost_a_lease_gives_nothing_of_the_next_ones_back(store_url: str) -> None:
    """What was accepted meanwhile is told, though to the next one it was a doubt; what that one claimed is its own."""

    async def main() -> None:
        async with opened(store_url) as house, Sink() as sink:
            await house.people(45)
            mailing = await house.seal()
            one, two = house.context(sink.url), house.context(sink.url)
            async with Routes(one) as routes, Routes(two) as others:
                routes.of("main").portion.size = others.of("main").portion.size = 20
                first = await shard._begin(one, mailing, 0, routes.of("main"), None)
                assert first
                await first.send(await first.claim())
                await first.rest()
                house.clock.tick(minutes=1)
                second = await shard._begin(two, mailing, 0, others.of("main"), None)
                assert second
                claimed = await second.claim()
                assert {DeliveryState.UNCERTAIN: 20, DeliveryState.SENDING: 20, DeliveryState.OWED: 5} == Counter(
                    (await house.states()).values()
                )
                assert not await first.claim()
                assert first.over
                assert {DeliveryState.UNCERTAIN: 20, DeliveryState.SENDING: 20, DeliveryState.OWED: 5} == Counter(
                    (await house.states()).values()
                )
                await first.end()
                assert {DeliveryState.ACCEPTED: 20, DeliveryState.SENDING: 20, DeliveryState.OWED: 5} == Counter(
                    (await house.states()).values()
                )
                await second.send(claimed)
                await second.rest()
                await second.end()
            assert {DeliveryState.ACCEPTED: 40, DeliveryState.OWED: 5} == Counter((await house.states()).values())
            assert [1] * 40 == list(Counter(sink.recipients).values())

    asyncio.run(main())


def test_a_lease_is_kept_while_a_relay_takes_its_time(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long one claim lasts, nobody else may begin it, and its worker goes on."""
    monkeypatch.setattr(turn, "WATCH", 0.01)

    async def main() -> None:
        begun, go_on, looked, goes_on = asyncio.Event(), asyncio.Event(), asyncio.Event(), turn.Turn._goes_on

        async def looking(one: turn.Turn, *, renew: bool) -> bool:
            going = await goes_on(one, renew=renew)
            looked.set()
            return going

        monkeypatch.setattr(turn.Turn, "_goes_on", looking)

        class Slow(Sink):
            async def _message(self, *arguments: Any) -> str:
                begun.set()
                await go_on.wait()
                return await super()._message(*arguments)

        async def leased(mailing: int) -> datetime | None:
            async with house.store.read() as tx:
                return (await shards.of(tx, mailing))[0].leased_until

        async with opened(url) as house, Slow() as sink:
            await house.people(30)
            mailing = await house.seal()
            run = asyncio.create_task(flow.run_due(house.context(sink.url, connections=1)))
            await begun.wait()
            for _ in range(3):
                house.clock.tick(seconds=6)
                async with asyncio.timeout(20):
                    while await leased(mailing) != house.clock() + LEASE:
                        looked.clear()
                        await looked.wait()
            go_on.set()
            assert 30 == (await run).accepted
            assert (1, 30) == (sink.connections, len(sink.taken))

    asyncio.run(main())


@pytest.mark.parametrize("pipelining", [True, False])
def test_no_dot_is_written_late(url: str, pipelining: bool) -> None:
    """Within two seconds of its lease's end a worker begins nothing more: somebody else may be at it soon."""

    async def main() -> None:
        seen: list[str] = []

        def answer(stage: str, argument: str) -> str | None:
            seen.append(stage)
            if stage == "data" and seen.count("data") == 3:
                house.clock.tick(seconds=8.5)
            return None

        async with opened(url) as house, Sink(answer=answer) as sink:
            await house.people(6)
            await house.seal()
            await flow.run_due(house.context(sink.url, connections=1, pipelining=pipelining))
            late = seen.index("data", seen.index("data", seen.index("data") + 1) + 1)
            assert ("connect", 2) == (seen[late + 1], seen[:late].count("dot"))
            assert {f"person{n}@example.com": 1 for n in range(1, 7)} == dict(Counter(sink.recipients))

    asyncio.run(main())


def test_a_sender_that_is_down_stops_nobody_else(url: str) -> None:
    """Each sender has a lane of its own; small mailings take turns with large ones."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(60)
            await house.seal()
            other = await house.second_mailing("alerts")
            context = house.second_sender(house.context("smtp://127.0.0.1:1"), "alerts", sink.url)
            report = await flow.run_due(context)
            assert 60 == report.accepted == len(sink.taken)
            assert [other] == [each.id for each in report.settled]
            assert 60 == report.owed
            assert "127.0.0.1:1" in report.relay_error

    asyncio.run(main())
