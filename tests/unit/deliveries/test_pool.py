"""How many connections there are, to whom, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from digest.deliveries import flow
from digest.deliveries.smtp.connection import Connection
from digest.deliveries.smtp.pool import Pool
from digest.deliveries.smtp.relay import Relay, parse
from digest.deliveries.smtp.rest import BARREN, Rest
from digest.deliveries.smtp.warmth import EAGER, PATIENT, Warmth, objects
from digest.model.deliveries import Outcome, OutcomeKind

from .house import House, opened
from .sink import Sink

DOWN = Outcome(kind=OutcomeKind.RELAY, text="down")


@pytest.fixture(params=["pipelined", "the careful way"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are kept alike, however we talk to the relay."""
    monkeypatch.setattr(House, "pipelining", request.param == "pipelined")


def test_a_relay_rests_longer_each_time() -> None:
    """Five seconds, ten, twenty … five minutes at most; an answer forgives all."""
    now = 0.0
    rest, relay = Rest(lambda: now), Relay(host="x", port=25)
    waits = []
    for _ in range(9):
        rest.failed(relay, DOWN)
        begun = now
        while rest.resting(relay):
            now += 1
        waits.append(now - begun)
    assert [5, 10, 20, 40, 80, 160, 300, 300, 300] == waits
    rest.failed(relay, DOWN)
    rest.answered(relay)
    assert None is rest.resting(relay)


def test_many_who_find_it_down_count_once() -> None:
    """Ten connections refused at the same time are one failure, not ten."""
    now = 0.0
    rest, relay = Rest(lambda: now), Relay(host="x", port=25)
    for _ in range(10):
        rest.failed(relay, DOWN)
    now = 5.0
    assert None is rest.resting(relay)


def test_barren_sessions_in_a_row() -> None:
    """A relay whose sessions break before they took anything is down, but only where no other took something."""
    rest, relay = Rest(lambda: 0.0), Relay(host="x", port=25)
    for _ in range(BARREN - 1):
        rest.broke(relay, DOWN)
    rest.answered(relay)
    for _ in range(BARREN - 1):
        rest.broke(relay, DOWN)
    assert None is rest.resting(relay)
    rest.broke(relay, DOWN)
    assert DOWN == rest.resting(relay)


def test_warming_up() -> None:
    """One at first, one more for each few answers, and no more than declared."""
    warmth = Warmth(4)
    allowed = []
    for _ in range(5):
        allowed.append(warmth.allowed)
        for _ in range(EAGER):
            warmth.answered()
    assert [1, 2, 3, 4, 4] == allowed


def test_an_objection_halves() -> None:
    """What many connections hear together is one objection; growing again takes long."""
    now = 0.0
    warmth = Warmth(8, lambda: now, allowed=8)
    for _ in range(5):
        warmth.objected()
    assert 4 == warmth.allowed
    now = 2.0
    warmth.objected()
    assert 2 == warmth.allowed
    for _ in range(PATIENT - 1):
        warmth.answered()
    assert 2 == warmth.allowed
    warmth.answered()
    assert 3 == warmth.allowed


@pytest.mark.parametrize(
    ("code", "text", "fresh", "said"),
    [
        (421, "4.7.0 Too many connections", False, True),
        (451, "4.7.1 slow down", False, True),
        (554, "too many connections from you", True, True),
        (452, "4.2.1 rate limit exceeded", False, True),
        (421, "closing", True, True),
        (421, "4.4.2 enough for one session", False, False),
        (451, "4.7.1 greylisted, come back later", False, False),
        (450, "4.2.0 mailbox busy", False, False),
        (550, "5.7.1 not you", False, False),
        (0, "the connection was lost", True, False),
    ],
)
def test_what_is_an_objection(code: int, text: str, fresh: bool, said: bool) -> None:
    """Too many or too fast; not greylisting, nor the end of a session's share."""
    assert said == objects(Outcome(kind=OutcomeKind.RELAY, code=code, text=text), fresh=fresh)


def test_connections_come_one_after_another(url: str, way: None) -> None:
    """The second is opened when the first has answered; never more than declared."""
    at_once: list[int] = []

    class Watched(Sink):
        def __init__(self) -> None:
            super().__init__(answer=self.look)

        def look(self, stage: str, argument: str) -> str | None:
            if stage == "connect":
                at_once.append(len(self.taken))
            return None

    async def main() -> None:
        async with opened(url) as house, Watched() as sink:
            await house.people(50)
            await house.seal()
            assert 50 == (await flow.run_due(house.context(sink.url, connections=3))).accepted
            assert 3 == len(at_once)
            assert at_once[0] == 0 < EAGER <= at_once[1] < at_once[2]

    asyncio.run(main())


def test_one_connection_more_than_a_relay_wants(url: str, way: None) -> None:
    """Refused at the door while others are inside: the relay is not down, and those go on without."""
    open_now = 0

    class Narrow(Sink):
        async def _talk(self, *streams: Any) -> None:
            nonlocal open_now
            open_now += 1
            try:
                await super()._talk(*streams)
            finally:
                open_now -= 1

    def answer(stage: str, argument: str) -> str | None:
        return "421 4.7.0 too many connections" if stage == "connect" and open_now > 2 else None

    async def main() -> None:
        async with opened(url) as house, Narrow(answer=answer) as sink:
            await house.people(60)
            await house.seal()
            report = await flow.run_due(house.context(sink.url, connections=8))
            assert (60, "") == (report.accepted, report.relay_error)
            assert sink.connections < 8

    asyncio.run(main())


def test_a_share_of_messages(url: str, way: None) -> None:
    """As declared, and then another connection, with a goodbye."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(35)
            await house.seal()
            context = house.context(sink.url, connections=1, messages_per_connection=10)
            assert 35 == (await flow.run_due(context)).accepted
            assert (4, 4) == (sink.connections, sink.commands.count("QUIT"))

    asyncio.run(main())


def test_a_share_of_time(url: str, way: None) -> None:
    """Older than declared, a connection begins nothing more; a new one takes a message however late it is."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(3)
            await house.seal()
            context = house.context(sink.url, connections=1, connection_age="0")
            assert 3 == (await flow.run_due(context)).accepted
            assert 3 == sink.connections

    asyncio.run(main())


def test_the_first_relay_is_preferred_again() -> None:
    """It rests while the second takes over; once its rest is over and it answers, it has the letters again."""
    now = 0.0

    async def main() -> None:
        nonlocal now
        async with Sink() as gone, Sink() as second:
            await gone.__aexit__()
            pool = Pool([parse(gone.url), parse(second.url)], 1, rest=Rest(lambda: now), hostname="me.example.org")
            for _ in range(3):
                async with lent(pool) as connection:
                    assert second.port == connection.relay.port
            now = 5.0
            async with Sink(port=gone.port) as first:
                async with lent(pool) as connection:
                    assert first.port == connection.relay.port
                await pool.close()

    asyncio.run(main())


@asynccontextmanager
async def lent(pool: Pool) -> AsyncIterator[Connection]:
    """A new connection."""
    connection = await pool.acquire()
    assert isinstance(connection, Connection)
    yield connection
    connection.retire()
    await pool.give_back(connection)


def test_the_next_relay_takes_over_in_the_same_run(url: str, way: None) -> None:
    """A relay that takes the connection and then nothing is left alone after a few tries, and nobody waits for it."""

    def answer(stage: str, argument: str) -> str | None:
        return "451 4.3.2 not now" if stage == "mail" else None

    async def main() -> None:
        async with opened(url) as house, Sink(answer=answer) as first, Sink() as second:
            await house.people(20)
            await house.seal()
            report = await flow.run_due(house.context(first.url, second.url, connections=4))
            assert (20, "") == (report.accepted, report.relay_error)
            assert (BARREN, 20) == (first.connections, len(second.taken))

    asyncio.run(main())
