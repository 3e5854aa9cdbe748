"""A relay that will not have us at all, and people who cannot be written to: nobody else loses anything."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import update

from digest.model.deliveries import DeliveryState, MailingStatus
from digest.store.schema import subscribers
from tests.faults.bed import Bed
from tests.faults.certificates import Authority
from tests.faults.mailing import PEOPLE, SHORT, Mailing, mailing
from tests.faults.orders import DROP, HUSH, Act, Order, usual

D = DeliveryState
WAYS = ["pipelined", pytest.param("a command at a time", marks=pytest.mark.long), "the careful way"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def always(stage: str, act: Act) -> Order:
    return lambda at: act if at.stage == stage else None


@pytest.mark.long
@pytest.mark.parametrize(
    "order",
    [
        always("connect", Act(say="554 5.3.2 no service here")),
        always("connect", Act(say="421 4.3.2 not now")),
        always("connect", DROP),
        always("hello", Act(say="550 5.7.1 go away")),
        always("starttls", Act(say="454 4.7.0 no TLS now")),
        always("auth", Act(say="535 5.7.8 wrong password")),
        always("mail", Act(say="451 4.3.0 not now")),
        always("mail", DROP),
        always("connect", HUSH),
        always("connect", Act(drip=0.5)),
        always("connect", Act(raw=b"\xff\xfe so what?\r\n")),
        always("hello", HUSH),
        always("hello", Act(raw=b"so what?\r\n")),
        always("starttls", HUSH),
        always("auth", HUSH),
        always("auth", Act(raw=b"\0\r\n", drop=True)),
    ],
    ids=[
        "554",
        "421",
        "hung up",
        "no hello",
        "TLS refused",
        "AUTH refused",
        "451 at MAIL",
        "dropped at MAIL",
        "no greeting",
        "a slow greeting",
        "no greeting but noise",
        "silence at EHLO",
        "noise at EHLO",
        "silence at STARTTLS",
        "silence at AUTH",
        "noise at AUTH",
    ],
)
def test_nothing_gets_anywhere(url: str, tmp_path: Path, order: Order) -> None:
    """Everything stays owed, nobody is blamed, and once it is mended each has one."""
    authority = Authority(tmp_path)

    def relays(bed: Bed) -> tuple[str, ...]:
        return (bed.address("smtp+starttls", "user:secret@"),)

    async def main() -> None:
        bed = Bed(order, tls=authority.server("127.0.0.1"), offers=("AUTH PLAIN",))
        async with mailing(url, bed, relays=relays, ca=authority.file, timeouts=SHORT) as made:
            for _ in range(3):
                assert (await made.run()).relay_error
            assert ({D.OWED: PEOPLE}, Counter(), 0) == (await made.states(), await made.events(), bed.accepted.total())
            bed.order = usual
            await made.settle()
            await made.agree()
            assert {D.ACCEPTED: PEOPLE} == await made.states()

    asyncio.run(main())


def test_a_relay_that_is_gone(url: str) -> None:
    """Nobody listens: likewise."""

    async def main() -> None:
        bed = Bed()
        async with mailing(url, bed) as made:
            await bed.__aexit__()
            assert (await made.run()).relay_error
            assert ({D.OWED: PEOPLE}, Counter()) == (await made.states(), await made.events())
            await bed.__aenter__()
            await made.settle()
            await made.agree()
            assert {D.ACCEPTED: PEOPLE} == await made.states()

    asyncio.run(main())


async def rename(made: Mailing, *addresses: str) -> None:
    """Give some people, spread among all, addresses that no import would let in."""
    async with made.house.store.write() as tx:
        for number, address in zip((1, 60, 90, 120, 150, 180), addresses, strict=False):
            await tx.execute(update(subscribers).where(subscribers.c.id == number).values(email_norm=address))


def test_no_address_says_a_command(url: str, way: str) -> None:
    """CR, LF, NUL, angle brackets and spaces are refused before the write, and by themselves."""
    evil = ["a@b.example\r\nRSET", "a@b.example\n.\n", "a\0@b.example", "a@b.example>", "<a@b.example", "a b@c.example"]

    async def main() -> None:
        bed = Bed(pipelining=way == "pipelined")
        async with mailing(url, bed, people=200, pipelining=way != "the careful way") as made:
            await rename(made, *evil)
            await made.settle()
            assert ([], Counter({D.ACCEPTED: 194, D.REJECTED: 6})) == (bed.wrong, await made.states())
            assert not any("RSET" in line for watch in bed.sessions for line in watch.commands)

    asyncio.run(main())


@pytest.mark.parametrize("able", [True, False])
def test_smtputf8_only_where_it_is_needed(url: str, way: str, able: bool) -> None:
    """It is asked for by one address alone, which fails alone where the relay has none."""

    async def main() -> None:
        offers = ("8BITMIME", "SMTPUTF8") if able else ("8BITMIME",)
        bed = Bed(pipelining=way == "pipelined", offers=offers)
        async with mailing(url, bed, pipelining=way != "the careful way") as made:
            await rename(made, "zoë@example.com")
            await made.settle()
            said = [line for watch in bed.sessions for line in watch.commands if line.startswith("MAIL")]
            assert (PEOPLE if able else PEOPLE - 1) == len(said)
            assert int(able) == sum("SMTPUTF8" in line for line in said)
            assert (int(able), []) == (bed.recipients["zoë@example.com"], bed.wrong)
            assert (D.ACCEPTED if able else D.REJECTED) is (await made.house.states())[1]

    asyncio.run(main())


def test_helo_only(url: str, way: str) -> None:
    """A server from before EHLO gets its letters, and nothing that it did not offer."""

    async def main() -> None:
        bed = Bed(helo_only=True)
        async with mailing(url, bed, pipelining=way != "the careful way") as made:
            await made.settle()
            await made.agree()
            assert {D.ACCEPTED: PEOPLE} == await made.states()

    asyncio.run(main())


def test_a_letter_too_big(url: str, way: str) -> None:
    """Held against what the relay says it takes: nobody is written to, and the mailing stands still."""

    async def main() -> None:
        bed = Bed(pipelining=way == "pipelined", offers=("SIZE 500",))
        async with mailing(url, bed, pipelining=way != "the careful way") as made:
            report = await made.settle()
            assert "the relay takes 500" in report.paused[0].why
            assert (MailingStatus.PAUSED, 0, []) == (await made.status(), bed.accepted.total(), bed.wrong)
            assert {"EHLO", "QUIT"} == {line.split()[0] for watch in bed.sessions for line in watch.commands}

    asyncio.run(main())
