"""A relay that is silent under a note holds up that sender's notes, and nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from digest.deliveries import flow, notes_lane
from digest.deliveries.context import Context
from digest.deliveries.smtp.timeouts import Timeouts
from digest.model.deliveries import NoteState
from digest.service import ringing
from digest.service.worker import Worker

from .house import House, opened
from .sink import Sink
from .test_notes import owe, state


@dataclass
class Silent(Sink):
    """Says nothing at a stage of whatever is for one recipient, until it may."""

    to: str = "ada@example.com"
    at: str = "dot"
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    may: asyncio.Event = field(default_factory=asyncio.Event)

    async def pause(self, stage: str, argument: str) -> None:
        if (stage, argument) == (self.at, self.to):
            self.begun.set()
            await self.may.wait()


def patient(house: House, relay: str, **options: object) -> Context:
    """As long in its patience with a relay as a real one."""
    return replace(house.context(relay, **options), timeouts=Timeouts())


async def had(sink: Sink, *recipients: str) -> None:
    await sink.until(lambda sink: set(recipients) <= set(sink.recipients))


def test_nothing_else_waits(url: str) -> None:
    """Another sender's note goes, and both senders' mailings; the sender's own next note comes after it, in order."""

    async def main() -> None:
        async with opened(url) as house, Silent() as sink, Sink() as other:
            await house.people(3)
            await house.seal()
            await house.second_mailing("alerts")
            await owe(house)
            await owe(house, "next", address="next@example.com")
            await owe(house, "second", sender="second", address="bob@example.com")
            context = house.second_sender(patient(house, sink.url, connections=1), "alerts", other.url)
            run = asyncio.create_task(flow.run_due(context))
            await sink.begun.wait()
            people = [f"person{number}@example.com" for number in (1, 2, 3)]
            await had(sink, *people)
            await had(other, "bob@example.com", *people)
            assert "bob@example.com" == other.recipients[0]
            assert NoteState.SENDING is await state(house)
            assert not {"ada@example.com", "next@example.com"} & set(sink.recipients)
            sink.may.set()
            report = await run
            assert ["ada@example.com", "next@example.com"] == sink.recipients[3:]
            assert (6, 3) == (report.accepted, report.notes)

    asyncio.run(main())


def test_a_mailing_begins_under_it(url: str) -> None:
    """What is sealed or owed while a note hangs does not wait for the end of the run."""

    async def main() -> None:
        async with opened(url) as house, Silent() as sink, Sink() as other:
            await house.people(2)
            await owe(house)
            context = house.second_sender(patient(house, sink.url), "alerts", other.url)
            run = asyncio.create_task(flow.run_due(context))
            await sink.begun.wait()
            await house.seal()
            await owe(house, "second", sender="second", address="bob@example.com")
            await had(sink, "person1@example.com", "person2@example.com")
            await had(other, "bob@example.com")
            assert not run.done()
            sink.may.set()
            assert (2, 2) == ((await run).accepted, (await run).notes)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("stage", "pipelining", "left"),
    [
        ("dot", True, NoteState.UNCERTAIN),
        ("dot", False, NoteState.UNCERTAIN),
        ("rcpt", False, NoteState.OWED),
        ("rcpt", True, NoteState.OWED),
    ],
)
def test_a_stop_under_it(
    url: str, monkeypatch: pytest.MonkeyPatch, stage: str, pipelining: bool, left: NoteState
) -> None:
    """Once patience is over, what has its dot is a doubt, what has none is owed, and nothing is left running."""
    monkeypatch.setattr(notes_lane, "PATIENCE", 0)

    async def main() -> None:
        async with opened(url) as house, Silent(at=stage) as sink:
            await owe(house)
            await owe(house, "next", address="next@example.com")
            run = asyncio.create_task(flow.run_due(patient(house, sink.url, pipelining=pipelining)))
            await sink.begun.wait()
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run
            sink.may.set()
            await sink.until(lambda sink: not sink.busy)
            assert (left, NoteState.OWED) == (await state(house), await state(house, "next"))

    asyncio.run(main())


def test_a_stop_has_patience_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a mailing's letter in the same silence a note is broken off beside it, and not after it."""
    monkeypatch.setattr(notes_lane, "PATIENCE", 0)

    async def main() -> None:
        async with opened(url) as house, Silent() as sink, Silent(to="person1@example.com") as other:
            await house.people(1)
            await house.second_mailing("alerts")
            await owe(house)
            context = house.second_sender(patient(house, sink.url), "alerts", other.url)
            run = asyncio.create_task(flow.run_due(context))
            await asyncio.gather(sink.begun.wait(), other.begun.wait())
            run.cancel()
            async with asyncio.timeout(30):
                while await state(house) is NoteState.SENDING:
                    assert not run.done()
            assert (NoteState.UNCERTAIN, False) == (await state(house), run.done())
            other.may.set()
            with pytest.raises(asyncio.CancelledError):
                await run
            assert ["person1@example.com"] == other.recipients

    asyncio.run(main())


def test_a_worker_hears_the_next_ring(url: str) -> None:
    """Its job is over while a note hangs; another sender's goes by the next, and closing ends both."""

    async def main() -> None:
        async with opened(url) as house, Silent() as sink, Sink() as other:
            await owe(house)
            worker = Worker(house.second_sender(patient(house, sink.url), "alerts", other.url))
            ring = worker.handlers()[ringing.NOTES]
            await ring(ringing.DUE)
            assert sink.begun.is_set()
            await owe(house, "second", sender="second", address="bob@example.com")
            await ring(ringing.DUE)
            assert (["bob@example.com"], NoteState.SENDING) == (other.recipients, await state(house))
            sink.may.set()
            await worker.close()
            assert (NoteState.ACCEPTED, False) == (await state(house), sink.busy and other.busy)

    asyncio.run(main())
