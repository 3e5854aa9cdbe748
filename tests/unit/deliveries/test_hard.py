"""Refused because nobody has the address: believed at the mailing's end, but not when very many are at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from digest.deliveries import flow
from digest.deliveries.hard import is_wave
from digest.deliveries.incident import Incident
from digest.deliveries.judging import weigh
from digest.model.deliveries import DeliveryState as S
from digest.model.subscribers import SuppressionReason
from digest.store import refusals, suppressions
from digest.store.database import Tx
from tests.unit.deliveries.sink import Answer

from .house import House, opened
from .sink import Sink


@pytest.mark.parametrize(
    ("hard", "answered", "before", "wave"),
    [(20, 199, True, True), (20, 200, True, False), (19, 19, True, False), (500, 500, False, False)],
)
def test_what_a_wave_is(hard: int, answered: int, before: bool, wave: bool) -> None:
    """More than a tenth, and at least twenty, of a domain that took our mail before."""
    assert wave is is_wave(hard, answered, accepted_before=before)


async def suppressed(house: House) -> dict[str, SuppressionReason]:
    async with house.store.read() as tx:
        return {each.email: each.reason for each in await suppressions.listed(tx)}


def nobody(*numbers: int) -> Answer:
    unknown = {f"person{number}@example.com" for number in numbers}
    return lambda stage, who: "550 5.1.1 user unknown" if stage == "rcpt" and who in unknown else None


def test_nobody_there_is_suppressed(store_url: str) -> None:
    """At the mailing's end; a full mailbox, a closed one and a rule are not, whatever words the rule has (5.7.x)."""

    async def main() -> None:
        async with opened(store_url) as house, Sink() as sink:
            said = {1: "550 5.1.1 user unknown", 60: "552 5.2.2 full", 90: "550 5.7.124 not allowed", 99: "550 no"}
            said[30] = "550 5.7.1 user unknown"
            by_address = {f"person{number}@example.com": reply for number, reply in said.items()}
            sink.answer = lambda stage, who: by_address.get(who) if stage == "rcpt" else None
            await house.people(120)
            await house.seal()
            report = await flow.run_due(house.context(sink.url))
            assert (115, 5) == (report.accepted, report.rejected)
            assert {"person1@example.com": SuppressionReason.HARD_BOUNCE} == await suppressed(house)

    asyncio.run(main())


def test_a_wave_suppresses_nobody(store_url: str) -> None:
    """They are owed again in a day, and operators hear of it once; what is said twice is believed."""

    async def main() -> None:
        told: list[Incident] = []

        async def hear(tx: Tx, incident: Incident) -> None:
            told.append(incident)

        async with opened(store_url) as house, Sink(answer=nobody(*range(60, 85))) as sink:
            await house.people(120)
            await house.seal()
            context = house.alerted(house.context(sink.url), hear)
            report = await flow.run_due(context)
            if report.paused:
                async with house.store.write() as tx:
                    await flow.resume(tx, report.paused[0].id, now=house.clock())
                report = await flow.run_due(context)
            assert (25, {}) == (report.deferred, await suppressed(house))
            assert report.next_due == house.clock() + timedelta(hours=24)
            assert 1 == sum("refuses many" in incident.title for incident in told)
            sink.answer = nobody(60, 61)
            house.clock.tick(hours=24)
            await flow.run_due(context)
            assert {"person60@example.com", "person61@example.com"} == set(await suppressed(house))
            states = list((await house.states()).values())
            assert (118, 2) == (states.count(S.ACCEPTED), states.count(S.REJECTED))
            assert 1 == sum("refuses many" in incident.title for incident in told)

    asyncio.run(main())


def test_a_share_is_of_what_a_domain_answered(store_url: str) -> None:
    """20 of 195 are a wave, however many there are to whom we cannot write; of those nobody is suppressed either."""
    unwritable = (3, 20, 40, *range(110, 180, 10))

    async def main() -> None:
        async with opened(store_url) as house, Sink(answer=nobody(*range(60, 80))) as sink:
            await house.people(205)
            await house.rename(*unwritable)
            await house.seal()
            context = house.context(sink.url)
            report = await flow.run_due(context)
            assert () == report.paused
            assert (175, 20, {}) == (report.accepted, report.deferred, await suppressed(house))
            states = await house.states()
            assert set(unwritable) == {who for who, state in states.items() if state is S.REJECTED}
            sink.answer = nobody()
            house.clock.tick(hours=24)
            assert 20 == (await flow.run_due(context)).accepted
            assert {} == await suppressed(house)

    asyncio.run(main())


def test_what_a_domain_accepted_is_not_counted_again(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """To count is to look at every delivery: done once more only where what was accepted then is no longer enough."""
    counted: list[str] = []
    answered = refusals.answered

    async def noted(tx: Tx, mailing: int, domain: str) -> tuple[int, int]:
        counted.append(domain)
        return await answered(tx, mailing, domain)

    async def main() -> None:
        monkeypatch.setattr(refusals, "answered", noted)
        unknown = nobody(*range(60, 82))
        async with opened(url) as house, Sink() as sink:
            sink.answer = lambda stage, who: (
                "450 4.2.0 later" if (stage, who) == ("rcpt", "person90@example.com") else unknown(stage, who)
            )
            await house.people(520)
            await house.seal()
            context = house.context(sink.url)
            report = await flow.run_due(context)
            assert (497, 22, 1) == (report.accepted, report.rejected, report.deferred)
            assert ["example.com"] == counted
            assert not await weigh(context, await house.mailing())
            assert ["example.com"] == counted
            context.accepted.clear()
            assert not await weigh(context, await house.mailing())
            assert ["example.com"] * 2 == counted

    asyncio.run(main())
