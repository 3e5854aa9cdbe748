"""All of it at once, at random, and again and again: nothing is lost, and nothing twice that is not listed."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter

import pytest

from digest.model.deliveries import DeliveryState
from tests.faults.bed import Bed
from tests.faults.mailing import SHORT, mailing
from tests.faults.orders import DROP, HUSH, TAKE_AND_DROP, Act, At, Order

SCALE = float(os.environ.get("SCALE") or 1)
COUNT = max(60, int(1_500 * SCALE))
PART = 0.02
SAID = [
    *(Act(say=f"{code} said so") for code in ("421", "450 4.2.0", "451 4.3.0", "452 4.3.1", "421 4.7.0 too many")),
    *(DROP, DROP, HUSH, Act(drip=0.2), Act(raw=b"so what?\r\n"), Act(raw=b"\r\n"), Act(endless=True)),
]
AT_THE_DOT = [*SAID, TAKE_AND_DROP, TAKE_AND_DROP, Act(take=True, hush=True), Act(take=True, raw=b"250\r\n\x00\r\n")]


def chaos(seed: int) -> Order:
    """Something odd at every fiftieth step; and now and then somebody is refused for good."""
    draw = random.Random(seed)

    def order(at: At) -> Act | None:
        if at.stage == "rcpt" and draw.random() < 0.005:
            return Act(say="550 5.1.1 no such user")
        if at.stage in ("starttls", "quit") or draw.random() > PART:
            return None
        return draw.choice(AT_THE_DOT if at.stage == "dot" else SAID)

    return order


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("way", ["pipelined", "a command at a time", "the careful way"])
def test_chaos(url: str, way: str, seed: int) -> None:
    """Every delivery ends, and the ledger agrees with the relay's own count."""

    async def main() -> None:
        bed = Bed(chaos(seed), pipelining=way == "pipelined", lenient=bool(seed % 2))
        careful = way == "the careful way"
        async with mailing(url, bed, people=COUNT, timeouts=SHORT, pipelining=not careful, connections=5) as made:
            for _ in range(200):
                report = await made.run()
                if report.settled or report.paused or not (report.owed or report.deferred):
                    break
            await made.agree()
            left = await made.states()
            over = {DeliveryState.ACCEPTED, DeliveryState.REJECTED, DeliveryState.UNCERTAIN}
            assert (COUNT, set()) == (left.total(), set(left) - over)
            assert left[DeliveryState.ACCEPTED] > COUNT * 0.9
            assert set(Counter(await made.events())) <= {"deferred", "session", "uncertain", "rejected", "sender"}

    asyncio.run(main())
