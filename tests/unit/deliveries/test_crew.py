"""A crew between two claims: its sessions wait under their hands, and go on where they were."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from digest.deliveries.smtp.batch import Batch
from digest.deliveries.smtp.crew import Crew
from digest.deliveries.smtp.parcel import Parcel, packed
from digest.deliveries.smtp.parked import Parked
from digest.deliveries.smtp.pool import Pool
from digest.deliveries.smtp.relay import parse
from digest.deliveries.smtp.share import Share
from digest.model.deliveries import Outcome

from .sink import Answer, Sink, usual

ME = "news@example.org"
Scenario = Callable[["Claims", Sink], Awaitable[None]]


class Claims:
    """What is given to one crew, a claim after the other."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.batches: list[Batch] = []

    async def send(self, count: int) -> None:
        """Until all are answered, with nobody told that it was the last."""
        first = len(self.batches) * 100
        parcels = [packed(at, ME, f"{first + at}@example.com", (b"Subject: x\r\n\r\nx\r\n",)) for at in range(count)]
        waited, over = set(range(count)), asyncio.Event()

        def answered(place: int, outcome: Outcome) -> None:
            waited.discard(place)
            if not waited:
                over.set()

        self.batches.append(Batch(parcels, answered=answered))
        self.crew.add(parcels)
        async with asyncio.timeout(60):
            await over.wait()


def played(scenario: Scenario, *, size: int = 3, share: Share | None = None, sink: Sink | None = None) -> Sink:
    """With a crew and a pool of its own, both at their end."""

    async def main(sink: Sink) -> None:
        async with sink:
            pool = Pool([parse(sink.url)], size, share=share, hostname="me.example.org")
            claims = Claims(Crew(pool))
            await scenario(claims, sink)
            await claims.crew.rest()
            await pool.close()
            await sink.until(lambda each: not each.busy)
            assert claims.crew.fault is None

    sink = sink or Sink()
    asyncio.run(main(sink))
    return sink


def quits(sink: Sink) -> int:
    return sink.commands.count("QUIT")


def test_the_next_claim_goes_on_where_the_last_one_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is asked for once, and says goodbye once."""
    asked, acquire = [], Pool.acquire

    async def counted(pool: Pool) -> object:
        asked.append(pool)
        return await acquire(pool)

    monkeypatch.setattr(Pool, "acquire", counted)

    async def scenario(claims: Claims, sink: Sink) -> None:
        for count in (8, 1, 5, 8):
            await claims.send(count)

    sink = played(scenario, size=1)
    assert (22, 22) == (len(sink.taken), len(set(sink.recipients)))
    assert sink.connections == quits(sink) == len(asked) == 1


def test_a_claim_of_one_wakes_one() -> None:
    """The others go on waiting, and are there for the next."""

    async def scenario(claims: Claims, sink: Sink) -> None:
        await claims.send(9)
        begun = len(sink.commands)
        await claims.send(1)
        assert ["MAIL", "RCPT", "DATA"] == [line[:4] for line in sink.commands[begun:]]
        await claims.send(9)

    assert 19 == len(set(played(scenario).recipients))


@pytest.mark.parametrize("say", ["421 4.4.2 too long", ""])
def test_who_is_hung_up_on_while_waiting_loses_nobody(say: str) -> None:
    """With a word or without: the next claim finds other connections."""
    talks: list[asyncio.StreamWriter] = []

    class Impatient(Sink):
        async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            talks.append(writer)
            await super()._talk(reader, writer)

    async def scenario(claims: Claims, sink: Sink) -> None:
        await claims.send(9)
        for each in talks:
            if say:
                each.write(say.encode() + b"\r\n")
            each.close()
        await sink.until(lambda each: not each.busy)
        await claims.send(9)

    sink = played(scenario, sink=Impatient())
    assert (18, 18) == (len(sink.taken), len(set(sink.recipients)))


def test_who_has_had_its_share_waits_for_nothing() -> None:
    """Two messages a connection: it says goodbye after them, whether there are more or not."""

    async def scenario(claims: Claims, sink: Sink) -> None:
        await claims.send(2)
        await sink.until(lambda each: not each.busy)
        await claims.send(3)

    sink = played(scenario, size=1, share=Share(messages=2))
    assert (5, 3, 3) == (len(set(sink.recipients)), sink.connections, quits(sink))


def test_stop_ends_those_that_wait() -> None:
    """They give their connections back; what comes later is not begun."""

    async def scenario(claims: Claims, sink: Sink) -> None:
        await claims.send(9)
        claims.crew.stop()
        await claims.crew.rest()
        late = Batch([packed(0, ME, "late@example.com", (b"x\r\n",))])
        parcel = packed(0, ME, "late@example.com", (b"x\r\n",))
        parcel.batch = late
        claims.crew.add([parcel])
        await claims.crew.rest()
        assert ([], [(0, None)]) == (late.accepted, late.others)

    sink = played(scenario)
    assert (9, sink.connections) == (len(sink.taken), quits(sink))


def held(scenario: Callable[[Pool, list[bool]], Awaitable[Batch]], answer: Answer = usual) -> Batch:
    """What a crew of four comes to whose pace has places as long as the list says so."""

    async def main() -> Batch:
        async with Sink(answer=answer) as sink, asyncio.timeout(60):
            pool = Pool([parse(sink.url)], 4, hostname="me.example.org")
            batch = await scenario(pool, [True])
            await pool.close()
            return batch

    return asyncio.run(main())


def batch_of(*names: str) -> tuple[list[Parcel], Batch]:
    parcels = [packed(at, ME, f"{name}@example.com", (b"x\r\n",)) for at, name in enumerate(names)]
    return parcels, Batch(parcels)


def test_where_the_pace_has_no_place_nobody_waits_for_one_that_waits() -> None:
    """The hand that asked for it goes; its letter lies, and is told so."""

    async def scenario(pool: Pool, open_: list[bool]) -> Batch:
        async def take(_wanted: object) -> bool:
            return open_[0]

        crew = Crew(pool, take=take, ready=lambda: open_[0])
        parcels, _ = batch_of(*map(str, range(30)))
        crew.add(parcels)
        await crew.begun()
        open_[0] = False
        parcels, batch = batch_of("last")
        crew.add(parcels)
        await crew.begun()
        await crew.rest()
        return batch

    assert [(0, None)] == held(scenario).others


def test_a_relay_that_wants_fewer_is_sent_the_rest_by_fewer() -> None:
    """It objects while sessions wait: those that are too many go, and the next letter goes out by another."""

    def slow(stage: str, argument: str) -> str | None:
        return "450 4.7.1 too many messages, slow down" if (stage, argument) == ("rcpt", "slow@example.com") else None

    async def scenario(pool: Pool, _open: list[bool]) -> Batch:
        crew = Crew(pool)
        for names in ([str(each) for each in range(30)], ["slow"], ["last"]):
            parcels, batch = batch_of(*names)
            crew.add(parcels)
            await crew.begun()
        await crew.rest()
        return batch

    assert [0] == held(scenario, slow).accepted


def test_waking_one_may_wake_the_others() -> None:
    """What it finds may stop everything: each is woken once."""
    woken: list[str] = []
    parked = Parked()

    def stops() -> None:
        woken.append("one")
        parked.dismiss()

    parked.enter("one", stops)
    for each in ("two", "three"):
        parked.enter(each, lambda each=each: woken.append(each))  # type: ignore[misc]
    parked.wake(2)
    assert (["one", "two", "three"], 0, False) == (woken, len(parked), parked.enter("late", stops))
