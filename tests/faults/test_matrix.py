"""Every way a relay may fail, by every way of talking to it: each delivery ends in the right state, none is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from digest.deliveries.smtp.timeouts import Timeouts
from digest.model.deliveries import DeliveryState, MailingStatus
from tests.faults.bed import Bed
from tests.faults.mailing import CONNECTIONS, LONG, PEOPLE, SHORT, mailing
from tests.faults.orders import DROP, HUSH, TAKE_AND_DROP, Act, At, Order

D = DeliveryState
NUMBERS = (7, 21)
UNLUCKY = {f"person{number}@example.com" for number in NUMBERS}
ALL = Counter({D.ACCEPTED: PEOPLE})
BUT_TWO = Counter({D.ACCEPTED: PEOPLE - 2, D.REJECTED: 2})
FROM_THE_FIRST = Counter({D.ACCEPTED: min(NUMBERS) - 1, D.OWED: PEOPLE - min(NUMBERS) + 1})
"""One after another, those before the first unlucky one have theirs; all others are owed, the unlucky among them."""


@dataclass(frozen=True)
class Case:
    """What the relay does, and how that ends; `kinds` are the events that are left of it."""

    order: Callable[[], Order]
    ends: Counter[DeliveryState] = field(default_factory=lambda: ALL)
    kinds: tuple[str, ...] = ()
    timeouts: Timeouts = LONG
    lenient: bool = False
    status: MailingStatus = MailingStatus.SENT
    connections: int = CONNECTIONS


def after(count: int, act: Act) -> Callable[[], Order]:
    """At the MAIL that follows `count` messages of a session."""
    return lambda: lambda at: act if at.stage == "mail" and at.nth > count else None


def unlucky(stage: str, act: Act, *, times: int = 10**9) -> Callable[[], Order]:
    """To two recipients, so many times each."""

    def made() -> Order:
        left = Counter(dict.fromkeys(UNLUCKY, times))

        def order(at: At) -> Act | None:
            if at.stage != stage or not left[at.who]:
                return None
            left[at.who] -= 1
            return act

        return order

    return made


def now_and_then(stage: str, act: Act) -> Callable[[], Order]:
    """In the first two sessions, at the fourth message."""
    return lambda: lambda at: act if at.stage == stage and at.nth == 4 and at.session <= 2 else None


PATIENT = replace(SHORT, command=0.8, dot=10)
"""With the final dot alone."""
GARBAGE = Act(raw=b"\xff\xfe so what?\r\n")
DRIP = Act(drip=0.2)
ENDLESS = Act(endless=True)
STAGES = ("mail", "rcpt", "data", "dot")

CASES = {
    **{f"421 after {n}": Case(after(n, Act(say="421 4.4.2 enough for one session"))) for n in (1, 2, 9)},
    **{f"an end after {n}": Case(after(n, DROP)) for n in (1, 2, 9)},
    "451 at RCPT": Case(unlucky("rcpt", Act(say="451 4.3.0 later"), times=3), kinds=("deferred",)),
    "450 at DATA": Case(unlucky("data", Act(say="450 4.2.0 later"), times=1), kinds=("deferred",)),
    "451 at the dot": Case(unlucky("dot", Act(say="451 4.3.0 later"), times=3), kinds=("deferred",)),
    "greylisting": Case(unlucky("rcpt", Act(say="450 4.2.0 Greylisted"), times=1), kinds=("deferred",)),
    "550 at RCPT": Case(unlucky("rcpt", Act(say="550 5.1.1 no such user")), BUT_TWO, ("rejected",)),
    "550 at RCPT, 354 at DATA": Case(
        unlucky("rcpt", Act(say="550 5.1.1 no such user")), BUT_TWO, ("rejected",), lenient=True
    ),
    "550 at the dot": Case(unlucky("dot", Act(say="550 5.1.1 no such user")), BUT_TWO, ("rejected",)),
    "552 over quota": Case(unlucky("dot", Act(say="552 5.2.2 mailbox full")), BUT_TWO, ("rejected",)),
    "552 too big": Case(
        unlucky("dot", Act(say="552 5.3.4 message too big")),
        FROM_THE_FIRST,
        ("sender",),
        status=MailingStatus.PAUSED,
        connections=1,
    ),
    "250 at DATA": Case(now_and_then("data", Act(raw=b"250 2.0.0 and then?\r\n"))),
    "354 at RCPT": Case(now_and_then("rcpt", Act(raw=b"354 go on\r\n"))),
    "slow at the dot": Case(now_and_then("dot", Act(say="250 2.0.0 queued", drip=0.1)), timeouts=PATIENT),
    "451 at MAIL": Case(now_and_then("mail", Act(say="451 4.3.0 not now"))),
    "dropped at the dot": Case(unlucky("dot", DROP, times=1), kinds=("uncertain",)),
    "taken and dropped": Case(unlucky("dot", TAKE_AND_DROP, times=1), kinds=("uncertain",)),
    **{f"dropped at {stage}": Case(now_and_then(stage, DROP)) for stage in STAGES[:3]},
    **{f"421 at {stage}": Case(now_and_then(stage, Act(say="421 4.3.2 closing"))) for stage in STAGES},
    **{
        f"{name} at {stage}": Case(
            now_and_then(stage, act), kinds=("uncertain",) if stage == "dot" else (), timeouts=timeouts
        )
        for name, act, timeouts in (
            ("garbage", GARBAGE, LONG),
            ("a byte at a time", DRIP, SHORT),
            ("silence", HUSH, SHORT),
            ("a reply without end", ENDLESS, LONG),
        )
        for stage in STAGES
    },
}
QUICK = ("421 after 2", "an end after 9", "550 at RCPT, 354 at DATA", "taken and dropped", "silence at dot")


@pytest.mark.parametrize("way", ["pipelined", "a command at a time", "the careful way"])
@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in CASES]
)
def test_a_relay_that_fails(url: str, name: str, way: str) -> None:
    """The ledger agrees with the relay's own count, nobody is blamed for a session, and the dialogue is legal."""
    case = CASES[name]

    async def main() -> None:
        bed = Bed(case.order(), pipelining=way == "pipelined", lenient=case.lenient)
        pipelining, connections = way != "the careful way", case.connections
        async with mailing(url, bed, timeouts=case.timeouts, pipelining=pipelining, connections=connections) as made:
            await made.settle()
            await made.agree()
            assert case.status is await made.status()
            assert case.ends == await made.states()
            assert set(case.kinds) == set(await made.events())

    asyncio.run(main())
