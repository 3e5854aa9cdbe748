"""What a relay says of a letter that it takes, in the log."""

from __future__ import annotations

import asyncio
import email
from email.message import Message

import pytest
from structlog.testing import capture_logs

from digest.deliveries import flow

from .house import opened
from .sink import Sink
from .test_notes import owe


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("wanted", [True, False])
def test_a_queue_id_stands_beside_its_message_id(url: str, pipelining: bool, wanted: bool) -> None:
    """Of each letter that was taken, where the sender says so: one line, with nobody's address."""

    def queued(stage: str, argument: str) -> str | None:
        if argument == "person3@example.com":
            return "550 5.1.1 nobody" if stage == "rcpt" else None
        return f"250 2.6.0 <{argument}> queued as Q{len(sink.taken)}" if stage == "dot" else None

    async def main() -> None:
        async with opened(url) as house, sink:
            await house.people(30)
            await house.seal()
            await owe(house)
            context = house.context(sink.url, connections=3, log_answers=wanted, pipelining=pipelining)
            with capture_logs() as logs:
                assert 29 == (await flow.run_due(context)).accepted
            lines = {line["answer"]: line["message_id"] for line in logs if line["event"] == "letter taken"}
        letters: list[Message] = [email.message_from_bytes(taken.message) for taken in sink.taken]
        expected = {
            f"250 2.6.0 (an address) queued as Q{number}": letter["Message-ID"] or ""
            for number, letter in enumerate(letters)
        }
        assert (expected if wanted else {}) == lines

    sink = Sink(queued)
    asyncio.run(main())
