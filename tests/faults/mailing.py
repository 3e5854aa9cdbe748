"""A mailing sent to a bed until nothing of it moves, and the ledger held against what the bed has counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from sqlalchemy import select

from digest.deliveries import flow
from digest.deliveries.context import Context
from digest.deliveries.flow import Report
from digest.deliveries.smtp.rest import Rest
from digest.deliveries.smtp.timeouts import Timeouts
from digest.model.deliveries import DeliveryState, MailingStatus
from digest.store.schema import delivery_events
from tests.faults.bed import Bed
from tests.unit.deliveries.house import House, opened

PEOPLE = 40
CONNECTIONS = 3
SHORT = Timeouts(connect=1.5, command=1.5, data=1.5, dot=1.5, quit=1.5, sweep=0.05)
LONG = Timeouts(connect=10, command=10, data=10, dot=10, quit=1)
D = DeliveryState
Relays = Callable[[Bed], Sequence[str]]


def own(bed: Bed) -> Sequence[str]:
    return (bed.url,)


@dataclass
class Mailing:
    """One to so many people, and its relay."""

    house: House
    bed: Bed
    context: Context

    async def run(self) -> Report:
        """Once, as a tick would; relays that were down may be tried."""
        self.house.clock.tick(minutes=6)
        return await flow.run_due(self.context)

    async def settle(self) -> Report:
        """Until all is settled, or stands still."""
        for _ in range(60):
            report = await self.run()
            if report.settled or report.paused or (report.next_due is None and not report.owed):
                break
            self.house.clock.tick(minutes=10)
        return report

    async def states(self) -> Counter[DeliveryState]:
        return Counter((await self.house.states()).values())

    async def events(self) -> Counter[str]:
        """What is held against anybody, by kind."""
        async with self.house.store.read() as tx:
            return Counter((await tx.execute(select(delivery_events.c.kind))).scalars())

    async def status(self) -> MailingStatus:
        return (await self.house.mailing()).status

    async def agree(self) -> None:
        """Accepted is what the bed took, once each; twice only what was listed as uncertain, under one Message-ID."""
        doubted = {doubt.email for doubt in await self.house.doubts(resolved=True)}
        took, wrong = self.bed.recipients, []
        for number, state in (await self.house.states()).items():
            who = f"person{number}@example.com"
            least = int(state is D.ACCEPTED)
            most = least + 2 * (who in doubted)
            if not least <= took[who] <= most:
                wrong.append(f"{who} is {state.name}, and the relay took {took[who]}")
        for (message_id, who), count in self.bed.accepted.items():
            if count != took[who] or not message_id.endswith("@example.org>"):
                wrong.append(f"{who} has more than one Message-ID, or none: {message_id}")
        if wrong or self.bed.wrong:
            raise AssertionError([*wrong, *self.bed.wrong])


@asynccontextmanager
async def mailing(
    url: str, bed: Bed, *, people: int = PEOPLE, timeouts: Timeouts = LONG, relays: Relays = own, **options: object
) -> AsyncIterator[Mailing]:
    """Sealed, with nothing sent yet; by `relays`, which are told the bed, else by the bed itself."""
    async with opened(url) as house, bed:
        await house.people(people)
        await house.seal()
        context = house.context(*relays(bed), **{"connections": CONNECTIONS, **options})
        context.rests["main"] = Rest(lambda: house.clock.at.timestamp())
        yield Mailing(house, bed, replace(context, timeouts=timeouts))
