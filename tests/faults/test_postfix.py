"""An edition through a real mail server that refuses, defers, greylists and is full: each delivery ends as it should.

Postfix keeps its defaults but for being stricter: it hangs up on clients that make mistakes, and wants every word
in its place. Its Maildir is counted, and its log read.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from digest.deliveries import flow
from digest.deliveries.context import Context
from digest.model.deliveries import DeliveryState, MailingStatus
from tests.faults.postfix import Postfix, running
from tests.unit.deliveries.house import Clock, House, opened

pytestmark = pytest.mark.long

PEOPLE = max(200, int(400 * float(os.environ.get("SCALE") or 1)))
UNKNOWN, OVER_QUOTA = 1, 2
"""Whose number ends in these has no mailbox, or one that is too full for good."""
LATER = {3: "450 4.3.2 Not now", 7: "452 4.2.2 Mailbox full"}
GREYLISTED = (5, 15, 45, 75, 95)


@dataclass
class Policy:
    """What Postfix asks about each recipient (SMTPD_POLICY_README), and when it asked, by the clock of the ledger."""

    clock: Clock
    mended: bool = False
    """Whoever was to come later may come now."""
    asked: dict[str, list[datetime]] = field(default_factory=dict)

    def answer(self, recipient: str) -> str:
        times = self.asked.setdefault(recipient, [])
        times.append(self.clock())
        ending = number(recipient) % 100
        if ending in LATER and not self.mended:
            return LATER[ending]
        if ending in GREYLISTED and self.clock() - times[0] < timedelta(minutes=1):
            return f"450 4.2.0 <{recipient}>: Greylisted, please try again"
        return "552 5.2.2 Over quota" if ending == OVER_QUOTA else "DUNNO"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readuntil(b"\n\n"):
                said = dict(line.split("=", 1) for line in request.decode().splitlines() if "=" in line)
                writer.write(f"action={self.answer(said['recipient'])}\n\n".encode())
        except asyncio.IncompleteReadError:
            writer.close()


def number(address: str) -> int:
    found = re.fullmatch(r"person(\d+)@example\.com", address)
    assert found, address
    return int(found[1])


@dataclass
class Bed:
    """The house, the mail server it writes to, and what that was told about recipients."""

    house: House
    policy: Policy
    mta: Postfix

    async def ended(self, state: DeliveryState) -> set[int]:
        """The endings of the numbers of those whose deliveries are in this state."""
        return {who % 100 for who, each in (await self.house.states()).items() if each is state}

    async def accepted(self) -> Counter[str]:
        states = await self.house.states()
        return Counter(f"person{who}@example.com" for who, each in states.items() if each is DeliveryState.ACCEPTED)


@asynccontextmanager
async def bed(folder: Path, *, tls: bool = False) -> AsyncIterator[Bed]:
    async with opened(f"sqlite:///{folder}/digest.db") as house:
        policy = Policy(house.clock)
        server = await asyncio.start_server(policy.talk, "127.0.0.1", 0)
        async with server:
            # Not in pytest's own folder: that shuts out Postfix's users again whenever another run begins.
            with (
                tempfile.TemporaryDirectory(prefix="mta-") as own,
                running(Path(own), server.sockets[0].getsockname()[1], tls=tls) as mta,
            ):
                await house.people(PEOPLE)
                await house.seal()
                yield Bed(house, policy, mta)


async def all_is_well(bed: Bed, context: Context) -> list[bytes]:
    """Send until nothing is due for ten minutes, mend what was passing, send the rest; the messages that arrived."""
    report = await flow.run_due(context, horizon=timedelta(minutes=10))
    assert {UNKNOWN, OVER_QUOTA} == await bed.ended(DeliveryState.REJECTED)
    assert set(LATER) == await bed.ended(DeliveryState.DEFERRED)
    assert (0, 0, ()) == (report.owed, report.uncertain, report.paused)

    bed.policy.mended = True
    bed.house.clock.tick(hours=3)
    last = await flow.run_due(context)
    assert (0, 0, 0, None) == (last.owed, last.deferred, last.uncertain, last.next_due)
    assert MailingStatus.SENT is (await bed.house.mailing()).status

    accepted = await bed.accepted()
    arrived = bed.mta.delivered(accepted.total())
    messages = [message_from_bytes(raw) for raw in arrived]
    assert accepted == Counter(str(each["X-Original-To"]) for each in messages)
    assert {1} == set(Counter(str(each["Message-ID"]) for each in messages).values())
    assert [] == [each for each in messages if each["To"] and each["X-Original-To"] not in each["To"]]
    assert [] == bed.mta.complaints()
    assert bed.mta.hung_up() > 0
    return arrived


def greylisted(policy: Policy) -> dict[str, list[float]]:
    """For each greylisted recipient, the seconds between the times that Postfix heard of them."""
    return {
        who: [(after - before).total_seconds() for before, after in itertools.pairwise(times)]
        for who, times in policy.asked.items()
        if number(who) % 100 in GREYLISTED
    }


@pytest.mark.parametrize("pipelining", [True, False])
def test_every_delivery_ends_in_the_right_state(tmp_path: Path, pipelining: bool) -> None:
    """Accepted ones arrive once each; greylisted ones come again after a minute; nothing in the log complains of us."""

    async def main() -> None:
        async with bed(tmp_path) as the:
            await all_is_well(the, the.house.context(address(the), connections=4, pipelining=pipelining))
            waits = [wait for each in greylisted(the.policy).values() for wait in each]
            assert len(waits) >= len(GREYLISTED) * (PEOPLE // 100)
            assert [] == [wait for wait in waits if not 60 <= wait <= 120]

    asyncio.run(main())


@pytest.mark.parametrize("pipelining", [True, False])
def test_the_same_over_starttls_and_signed(tmp_path: Path, pipelining: bool) -> None:
    """The certificate is checked against its authority; what Postfix stored still verifies."""

    async def main() -> None:
        async with bed(tmp_path, tls=True) as the:
            context = the.house.context(
                address(the, "smtp+starttls"),
                connections=4,
                pipelining=pipelining,
                ca=the.mta.ca,
                dkim={"selector": "s", "key_file": key(tmp_path)},
            )
            arrived = await all_is_well(the, context)
            [signer] = context.signers["main"]
            record = signer.record.encode()
            whole = [raw.replace(b"\n", b"\r\n") for raw in arrived]
            assert [] == [raw for raw in whole if not dkimpy.verify(raw, dnsfunc=lambda name, timeout=5: record)]

    asyncio.run(main())


def address(the: Bed, scheme: str = "smtp") -> str:
    return f"{scheme}://127.0.0.1:{the.mta.port}"


def key(folder: Path) -> Path:
    path = folder / "dkim.pem"
    made = Ed25519PrivateKey.generate()
    path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return path
