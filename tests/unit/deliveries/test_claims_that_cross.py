"""Claims whose letters lie between each other's: whoever is settled is whom a relay took, and nobody else."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace

from digest.deliveries import flow, shard
from digest.deliveries.context import Context, Route, Routes
from digest.deliveries.turn import Turn
from digest.model.deliveries import DeliveryState

from .house import House, opened
from .sink import Sink


@dataclass
class Greylisting(Sink):
    """Refuses some recipients the first time, and lets some wait for their answers until it may go."""

    deferred: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    go: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        seen: Counter[str] = Counter()

        def answer(stage: str, argument: str) -> str | None:
            seen[argument] += stage == "rcpt"
            grey = stage == "rcpt" and argument in self.deferred and seen[argument] == 1
            return "450 4.2.0 Greylisted, try again later" if grey else None

        self.answer = answer

    async def pause(self, stage: str, argument: str) -> None:
        if stage == "dot" and argument in self.late:
            await self.go.wait()


def address(number: int) -> str:
    return f"person{number}@example.com"


def patient(house: House, sink: Sink) -> Context:
    context = house.context(sink.url, connections=4)
    return replace(context, timeouts=replace(context.timeouts, dot=60))


async def claim(turn: Turn, route: Route, most: int, *, late: int = 0) -> tuple[int, ...]:
    """Claim so many at most, and send them, until all but the `late` are answered, and those announced behind them."""
    route.portion.size = most
    claimed = await turn.claim()
    if claimed:
        await turn.send(claimed)
        await answered(turn, len(claimed) - late)
    return tuple(claimed.subscribers)


async def answered(turn: Turn, many: int) -> None:
    """So many of the last claim."""
    batch = turn._under_way[-1].batch
    async with asyncio.timeout(30):
        while len(batch.accepted) + len(batch.others) < many:  # noqa: ASYNC110 - nothing says that a reply was read
            await asyncio.sleep(0.01)


def test_who_is_claimed_again_beside_an_older_claim_is_settled_by_the_newer(store_url: str) -> None:
    """Deferred in a claim one of whose letters still waits, due again, and taken: accepted, and sent once."""

    async def main() -> None:
        async with opened(store_url) as house, Greylisting(deferred=(address(21),), late=(address(25),)) as sink:
            await house.people(120)
            mailing, context = await house.seal(), patient(house, sink)
            async with Routes(context) as routes:
                route = routes.of("main")
                turn = await shard._begin(context, mailing, 0, route, None)
                assert turn
                assert tuple(range(1, 21)) == await claim(turn, route, 20)
                assert tuple(range(21, 41)) == await claim(turn, route, 20, late=2)
                await claim(turn, route, 2)
                for _ in range(15):
                    house.clock.tick(seconds=5)
                    assert await turn._goes_on(renew=True)
                assert 21 in await claim(turn, route, 3)
                await claim(turn, route, 1)
                assert DeliveryState.ACCEPTED is (await house.states())[21]
                sink.go.set()
                await turn.rest()
                await turn.end()
            assert DeliveryState.SENDING not in (await house.states()).values()
            await flow.run_due(context)
            assert {1} == set(Counter(sink.recipients).values())
            assert 120 == len(sink.recipients)

    asyncio.run(main())


def test_letters_of_the_next_holder_between_ours_are_a_lost_lease(store_url: str) -> None:
    """Whoever comes too late stops, and settles what it knows by name; it tells of no trouble."""
    deferred, late = tuple(map(address, range(28, 39))), (address(25), address(40))

    async def main() -> None:
        async with opened(store_url) as house, Greylisting(deferred=deferred, late=late) as sink:
            await house.people(120)
            mailing, one, two = await house.seal(), patient(house, sink), patient(house, sink)
            async with Routes(one) as routes, Routes(two) as others:
                turn = await shard._begin(one, mailing, 0, routes.of("main"), None)
                assert turn
                await claim(turn, routes.of("main"), 20)
                await claim(turn, routes.of("main"), 20, late=3)
                await claim(turn, routes.of("main"), 0)
                house.clock.tick(seconds=100)
                second = await shard._begin(two, mailing, 0, others.of("main"), None)
                assert second
                others.of("main").portion.size = 20
                between = await second.claim()
                assert set(range(28, 39)) & set(between.subscribers)
                sink.go.set()
                await sink.until(lambda sink: set(late) <= set(sink.recipients))
                await answered(turn, 20)
                assert () == await claim(turn, routes.of("main"), 5)
                assert turn.over
                await turn.end()
                states = await house.states()
                assert {DeliveryState.SENDING} == {states[who] for who in between.subscribers}
                assert {DeliveryState.ACCEPTED} == {states[25], states[40]}
                await second.send(between)
                await second.rest()
                await second.end()

    asyncio.run(main())
