"""Each failure is kept with whose fault it is, and only what is the mailing's stops the mailing."""

from __future__ import annotations

import asyncio

from digest.deliveries import flow
from digest.model.deliveries import DeliveryState as S
from digest.model.deliveries import MailingStatus
from digest.store import delivery_events

from .house import opened
from .sink import Sink

SAID = {
    "person1@example.com": "550 5.1.1 user unknown",
    "person52@example.com": "550 5.7.124 Sender not in allowed-senders list",
    "person3@example.com": "450 4.2.0 Greylisted",
    "person4@example.com": "452 4.3.1 insufficient system storage",
    "person55@example.com": "552 5.2.2 over quota",
}


def test_whose_fault_is_kept(store_url: str) -> None:
    """By kind of event and fault; one person's own rule stops nobody else, and what was taken later is not counted."""

    async def main() -> None:
        async with opened(store_url) as house, Sink() as sink:
            said = dict(SAID)
            sink.answer = lambda stage, who: said.get(who) if stage == "rcpt" else None
            await house.people(100)
            mailing = await house.seal()
            context = house.context(sink.url)
            report = await flow.run_due(context)
            assert (95, 3, 2, ()) == (report.accepted, report.rejected, report.deferred, report.paused)
            async with house.store.read() as tx:
                faults = await delivery_events.by_fault(tx, mailing)
            assert {
                ("rejected", "mailbox"): 2,
                ("rejected", "policy"): 1,
                ("deferred", "policy"): 1,
                ("session", "session"): 1,
            } == faults
            del said["person3@example.com"], said["person4@example.com"]
            house.clock.tick(minutes=2)
            await flow.run_due(context)
            async with house.store.read() as tx:
                assert {("rejected", "mailbox"): 2, ("rejected", "policy"): 1} == await delivery_events.by_fault(
                    tx, mailing
                )
            assert {S.ACCEPTED, S.REJECTED} == set((await house.states()).values())

    asyncio.run(main())


def test_content_stops_the_mailing(url: str) -> None:
    """Too big, or taken for spam: everybody would hear the same, so all stays owed and nobody is rejected."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            sink.answer = lambda stage, _: "554 5.7.1 Message rejected as spam" if stage == "dot" else None
            await house.people(20)
            await house.seal()
            report = await flow.run_due(house.context(sink.url))
            assert (0, 0, 20) == (report.accepted, report.rejected, report.owed)
            assert MailingStatus.PAUSED is (await house.mailing()).status

    asyncio.run(main())
