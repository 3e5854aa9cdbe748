"""Whatever loop a process runs on, and whatever lies between it and the relay: letters leave alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from digest.model.deliveries import DeliveryState
from tests.faults.bed import Bed
from tests.faults.certificates import Authority
from tests.faults.mailing import PEOPLE, mailing
from tests.faults.orders import DROP, Act, At

uvloop = pytest.importorskip("uvloop")
Loop = Callable[[], asyncio.AbstractEventLoop]


def order(at: At) -> Act | None:
    """The seventh message of a session meets its end; one is in doubt."""
    if at.stage == "dot" and (at.session, at.nth) == (1, 2):
        return DROP
    return Act(say="421 4.4.2 enough") if at.stage == "mail" and at.nth == 7 else None


@pytest.mark.parametrize("scheme", [pytest.param("smtp", marks=pytest.mark.long), "smtp+starttls", "smtps"])
@pytest.mark.parametrize("pipelining", [True, pytest.param(False, marks=pytest.mark.long)])
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_loops(url: str, tmp_path: Path, scheme: str, pipelining: bool, loop: Loop) -> None:
    """Plain and under TLS, where many replies come as records of their own; sessions that break are noticed."""
    authority = Authority(tmp_path)
    tls = None if scheme == "smtp" else authority.server("127.0.0.1")

    async def main() -> None:
        bed = Bed(order, tls=tls, implicit=scheme == "smtps")
        async with mailing(
            url, bed, relays=lambda bed: (bed.address(scheme),), pipelining=pipelining, ca=authority.file
        ) as made:
            await made.settle()
            await made.agree()
            assert {DeliveryState.ACCEPTED: PEOPLE} == await made.states()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())
