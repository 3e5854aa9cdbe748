"""How fast one sender writes: by the second, the hour and the day, to all and to one domain."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update

from digest.deliveries import flow
from digest.deliveries.pace import Pace
from digest.deliveries.places import BACK
from digest.deliveries.throttle import Heard, slowed
from digest.model.deliveries import DeliveryState, Outcome, OutcomeKind
from digest.settings.sections import Limits
from digest.store import pace
from digest.store.pace import DAY, HOUR
from digest.store.schema import subscribers

from .house import NOW, House, opened
from .sink import Sink

LATER = Outcome(kind=OutcomeKind.DEFERRED, code=450, text="4.7.0 unusual rate of mail")


def test_all_processes_share_one_rate(store_url: str) -> None:
    """Places are handed out in turn, whoever asks; an idle time gives no credit."""

    async def main() -> None:
        async with opened(store_url) as house, house.store.write() as tx:
            given = [await pace.reserve(tx, "main", 5, rate=10, now=NOW) for _ in range(3)]
            later = NOW + timedelta(hours=1)
            other = await pace.reserve(tx, "other", 1, rate=10, now=NOW)
            assert [0.0, 0.5, 1.0] == [each.ahead for each in given]
            assert {timedelta(seconds=0.1)} == {each.apart for each in given}
            assert 0.0 == other.ahead
            assert [0.0, 0.1] == [(await pace.reserve(tx, "main", 1, rate=10, now=later)).ahead for _ in range(2)]

    asyncio.run(main())


def test_a_window_rolls(store_url: str) -> None:
    """What is spent comes back when it is a window old, and not at midnight."""

    async def main() -> None:
        async with opened(store_url) as house, house.store.write() as tx:
            assert (100, 0.0) == await pace.left(tx, "main", 100, DAY, NOW)
            await pace.spend(tx, "main", 70, DAY, NOW)
            await pace.spend(tx, "main", 30, DAY, NOW + timedelta(hours=6))
            none, opens = await pace.left(tx, "main", 100, DAY, NOW + timedelta(hours=23))
            assert (0, True) == (none, 3600 <= opens <= 3600 + 2 * 300)
            assert (70, 0.0) == await pace.left(tx, "main", 100, DAY, NOW + timedelta(hours=24, minutes=10))
            assert (100, 0.0) == await pace.left(tx, "main", 100, HOUR, NOW)

    asyncio.run(main())


def test_slowing_is_shared_and_passes(store_url: str) -> None:
    """All wait, then go at half the pace; told so at once again nothing changes; each half minute doubles it."""

    async def main() -> None:
        async with opened(store_url) as house, house.store.write() as tx:
            for key, rate in (("main", 10.0), ("free", None)):
                await pace.slow(tx, key, pause=timedelta(seconds=5), now=NOW)
                await pace.slow(tx, key, pause=timedelta(seconds=5), now=NOW + timedelta(seconds=1))
                [stands] = (await pace.standing(tx, [key], NOW)).values()
                assert (5.0, 1) == (stands.ahead, stands.level)
                given = [await pace.reserve(tx, key, 10, rate=rate, now=NOW) for _ in range(2)]
                half = 10 / ((rate or pace.ASSUMED) / 2)
                assert [5.0, 5.0 + half] == [each.ahead for each in given]
                well = NOW + timedelta(seconds=60)
                given = [await pace.reserve(tx, key, 10, rate=rate, now=well) for _ in range(2)]
                assert [0.0, 10 / rate if rate else 0.0] == [each.ahead for each in given]

    asyncio.run(main())


def test_slowed_again_and_again(store_url: str) -> None:
    """Each time longer and slower, down to a sixty-fourth."""

    async def main() -> None:
        async with opened(store_url) as house, house.store.write() as tx:
            waits, at = [], NOW
            for _ in range(9):
                await pace.slow(tx, "main", pause=timedelta(seconds=1), now=at)
                [stands] = (await pace.standing(tx, ["main"], at)).values()
                waits.append((stands.ahead, stands.level))
                at += timedelta(seconds=stands.ahead if stands.ahead < 8 else 6)
                at = max(at, NOW + timedelta(seconds=6 * len(waits)))
            levels = [level for _, level in waits]
            assert sorted(levels) == levels
            assert pace.SLOWEST == levels[-1]

    asyncio.run(main())


def paced(house: House, key: str, rate: str) -> Pace:
    return Pace(key, Limits(rate=rate), house.store, clock=house.clock, sleep=house.clock.sleep)


def always() -> bool:
    return True


def test_a_claim_is_a_second_and_spread_evenly(url: str) -> None:
    """At 4 a second three are claimed, a twentieth further apart: the rest is for notes."""

    async def main() -> list[float]:
        async with opened(url) as house:
            mine = paced(house, "main", "4/s")
            async with house.store.write() as tx:
                assert 3 == (await mine.room(tx)).count
                await mine.reserve(tx, ["a@example.com"] * 3)
            written = []
            for _ in range(4):
                assert await mine.places.take(always)
                written.append((house.clock() - NOW).total_seconds())
            return [round(after - before, 3) for before, after in pairwise(written)]

    # The first place was a little before now.
    assert [0.243, 0.263, 0.263] == asyncio.run(main())


def test_what_was_missed_is_lost(url: str) -> None:
    """A process that stood still for seconds takes new places, and goes on at the rate: it makes up for nothing."""

    async def main() -> list[float]:
        async with opened(url) as house:
            mine = paced(house, "main", "100/s")
            written: list[float] = []
            async with house.store.write() as tx:
                await mine.reserve(tx, ["a@example.com"] * 95)
            house.clock.tick(seconds=5)
            assert not mine.places.ready()
            while len(written) < 95:
                assert await mine.places.take(always)
                written.append((house.clock() - NOW).total_seconds())
            return written

    written = asyncio.run(main())
    assert 3 >= written.count(5.0)
    assert 5.9 < written[-1] < 6.0


def test_nobody_waits_for_a_place_that_is_not_wanted(url: str) -> None:
    """Nor for one that is far away, since the relay asked for a pause; what is claimed is then owed again."""

    async def main() -> None:
        async with opened(url) as house:
            mine, other = paced(house, "main", "4/s"), paced(house, "main", "4/s")
            async with house.store.write() as tx:
                await mine.reserve(tx, ["a@example.com"] * 3)
            assert not await mine.places.take(lambda: False)
            assert await mine.places.take(always)
            async with house.store.write() as tx:
                await pace.slow(tx, "main", pause=timedelta(seconds=20), now=house.clock())
            assert not await mine.places.take(always)
            assert not await other.places.take(always)
            assert [] == house.clock.slept

    asyncio.run(main())


def test_unlimited_and_slow_claims(url: str) -> None:
    """Without a rate a claim is still small; at less than one a second it is one, and the next is not claimed yet."""

    async def main() -> None:
        async with opened(url) as house, house.store.write() as tx:
            for rate, count in (("unlimited", 100), ("1000/s", 100), ("0.2/s", 1)):
                mine = paced(house, rate, rate)
                assert count == (await mine.room(tx)).count
                await mine.reserve(tx, ["a@example.com"] * count)
            house.clock.tick(seconds=3)
            room = await paced(house, "0.2/s", "0.2/s").room(tx)
            assert (0, True) == (room.count, 2 < room.opens < 3)

    asyncio.run(main())


def test_a_mailing_larger_than_the_hour_and_the_day(url: str) -> None:
    """The rest stays owed, nobody holds it, and goes when the hour or the day lets it."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(80)
            await house.seal()
            context = house.context(sink.url, per_day=70, per_hour=30)
            taken, due = [], []
            for _ in range(3):
                report = await flow.run_due(context)
                taken.append(report.accepted)
                assert report.next_due or report.accepted == 10
                due.append(report.next_due and report.next_due - house.clock())
                house.clock.at = report.next_due or house.clock.at
            assert DeliveryState.SENDING not in set((await house.states()).values())
            assert [30, 30, 10] == taken
            assert HOUR <= (due[0] or DAY) <= HOUR + timedelta(minutes=1)
            assert timedelta(hours=21) <= (due[2] or HOUR) <= DAY

    asyncio.run(main())


async def move(house: House, people: range, domain: str) -> None:
    """Let them have their mail at that domain."""
    async with house.store.write() as tx:
        for number in people:
            values = {"email": f"person{number}@{domain}", "email_norm": f"person{number}@{domain}"}
            await tx.execute(update(subscribers).where(subscribers.c.id == number).values(**values))


@pytest.mark.long
def test_a_domain_at_its_limit_holds_up_nobody_else(store_url: str) -> None:
    """Its recipients are left out of the claim and stay owed; the others all go; then its own, at its own pace."""

    async def main() -> None:
        async with opened(store_url) as house, Sink() as sink:
            await house.people(40)
            await move(house, range(1, 11), "slow.example")
            await house.seal()
            limits = {"slow.example": "20/min", "other.example": {"per_day": 3}}
            context = house.context(sink.url, domains=limits)
            report = await flow.run_due(context)
            to = [address.rpartition("@")[2] for address in sink.recipients]
            assert (31, 1, 30) == (report.accepted, to.count("slow.example"), to.count("example.com"))
            assert 9 == report.owed
            assert report.next_due
            assert 3 <= (report.next_due - house.clock()).total_seconds() <= 63
            assert 9 == (await flow.run_due(context, horizon=timedelta(seconds=61))).accepted
            assert timedelta(seconds=27) <= house.clock() - NOW
            assert 40 == len(set(sink.recipients)) == len(sink.recipients)

    asyncio.run(main())


def test_who_waits_alone_for_a_domain_loses_no_turn(url: str) -> None:
    """It is back when the domain opens: twenty at 20 a minute take 57 seconds."""

    async def main() -> timedelta:
        async with opened(url) as house:
            mine = Pace("main", Limits(), house.store, domains={"slow.example": Limits(rate=1 / 3)}, clock=house.clock)
            left = 20
            while left:
                async with house.store.write() as tx:
                    room = await mine.room(tx)
                    some = min(left, room.domains["slow.example"])
                    await mine.reserve(tx, ["a@slow.example"] * some)
                left -= some
                house.clock.tick(seconds=0 if some else room.opens)
            return house.clock() - NOW

    assert timedelta(seconds=57) <= asyncio.run(main()) <= timedelta(seconds=58)


def test_a_throttling_relay_is_given_time(url: str) -> None:
    """Told that it is too much, all workers wait and then go slower; nobody loses anything by it."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            sink.answer = lambda stage, _: "450 4.7.1 too much mail from you" if stage == "rcpt" else None
            await house.people(20)
            await house.seal()
            first, second = house.context(sink.url), house.context(sink.url)
            assert 20 == (await flow.run_due(first)).deferred
            async with house.store.read() as tx:
                [stands] = (await pace.standing(tx, ["main"], house.clock())).values()
            assert (5.0, 1) == (stands.ahead, stands.level)
            sink.answer = lambda *_: None
            house.clock.tick(minutes=2)
            assert 20 == (await flow.run_due(second)).accepted

    asyncio.run(main())


def test_one_slow_recipient_slows_nobody(url: str) -> None:
    """A full mailbox, or one throttled recipient of many, leaves the pace as it is."""
    some = Heard(answers=20, troubles=[("example.com", LATER)] * 3)
    full = Outcome(kind=OutcomeKind.DEFERRED, code=452, text="4.2.2 over quota")
    vague = Outcome(kind=OutcomeKind.DEFERRED, code=451, text="4.3.0 try later")
    assert frozenset() == slowed(some, ())
    assert frozenset() == slowed(Heard(answers=1, troubles=[("example.com", full)]), ())
    assert frozenset() == slowed(Heard(answers=2, troubles=[("example.com", vague)] * 2), ())
    assert frozenset({""}) == slowed(Heard(answers=9, troubles=[("example.com", vague)] * 3), ())
    assert frozenset({"example.com"}) == slowed(
        Heard(answers=9, troubles=[("example.com", LATER)] * 3), ["example.com"]
    )
    busy = Outcome(kind=OutcomeKind.RELAY, code=421, text="4.7.0 too many connections")
    assert frozenset({""}) == slowed(Heard(answers=0, broken=[busy]), ())


@pytest.mark.parametrize(
    ("code", "text", "asks"),
    [
        (451, "4.7.32 the From: header is not aligned", True),
        (454, "4.7.0 Authentication required", True),
        (450, "4.7.1 likely unsolicited mail", True),
        (451, "4.7.1 Greylisted, come back later", False),
        (450, "4.7.1 This group is members only", False),
        (450, "4.7.1 mailbox full", False),
        (450, "4.2.1 mailbox full", False),
    ],
)
def test_a_warning_slows(code: int, text: str, asks: bool) -> None:
    """4.7.x about us comes before 5.7.x: to go on as fast would earn that."""
    said = Outcome(kind=OutcomeKind.DEFERRED, code=code, text=text)
    assert frozenset({""} if asks else ()) == slowed(Heard(answers=5, troubles=[("example.com", said)]), ())


def test_a_rate_is_kept_over_the_wire(url: str) -> None:
    """12 letters at 40 a second take their time, over however many connections."""

    async def main() -> timedelta:
        async with opened(url) as house, Sink() as sink:
            await house.people(12)
            await house.seal()
            assert 12 == (await flow.run_due(house.context(sink.url, rate="40/s", connections=4))).accepted
            return house.clock() - NOW

    assert asyncio.run(main()) >= timedelta(seconds=11 / 40) - BACK
