"""Whoever says no on a terminal has said no: to every process, until they agree."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
import sys

import pytest

from digest.service import sending
from digest.service.house import opened
from digest.service.sending import Sent
from digest.settings import load
from tests.builders import Desk
from tests.fakes import sinking


def asked(desk: Desk, answer: bool) -> Sent:
    """`editions send`, at whose question somebody sits."""

    async def main() -> Sent:
        async with opened(load(desk.config, {})) as house:
            request = sending.Request(
                digest="newsflash", at=None, grace=0.0, ask=lambda _: answer, progress=lambda *_: None
            )
            return await sending.send(house, request)

    return asyncio.run(main())


def status(desk: Desk) -> str:
    [edition] = desk.done("editions", "list", "--json").json()
    return str(edition["status"])


def test_what_nobody_agreed_to_stays(desk: Desk) -> None:
    """No process sends it meanwhile; asked again and agreed to, it goes out, once."""
    with sinking() as sink:
        desk.owe("First & foremost", 2, smtp=sink.port, alerts="office@example.org")
        for _ in range(2):
            refused = asked(desk, False)
            assert ("nothing was sent" in refused.words, refused.settled) == (True, False)
        desk.run("deliveries", "retry")
        assert ("paused", []) == (status(desk), [to for to, _ in sink.accepted if to.startswith("person")])
        assert asked(desk, True).settled
        assert ("sent", ["person0@example.org", "person1@example.org"]) == (
            status(desk),
            sorted(to for to, _ in sink.accepted if to.startswith("person")),
        )


def test_what_somebody_paused_is_not_asked_about(desk: Desk) -> None:
    """It has another reason, and another way on."""
    with sinking() as sink:
        desk.owe("First & foremost", 2, smtp=sink.port, alerts="office@example.org")
        asked(desk, False)
        [edition] = desk.done("editions", "list", "--json").json()
        desk.done("editions", "resume", "newsflash", edition["label"])
        desk.done("editions", "pause", "newsflash", edition["label"], "--why", "the lead's figure")
        refused = desk.run("editions", "send", "newsflash")
        assert (refused.status, "the lead's figure" in refused.err, "resume" in refused.err) == (1, True, True)


@pytest.mark.long
@pytest.mark.parametrize("typed", [b"n\n", b"\n", b"\x04"])
def test_no_on_a_terminal(desk: Desk, typed: bytes) -> None:
    """In letters, by the return key, or by turning away: exit 1, and it waits."""
    desk.owe("First & foremost", 2, smtp=1, alerts="office@example.org")
    ours, theirs = pty.openpty()
    os.write(ours, typed)
    line = [sys.executable, "-m", "digest", "--config", str(desk.config), "editions", "send", "newsflash"]
    ended = subprocess.run(line, stdin=theirs, capture_output=True, text=True, cwd=desk.folder, timeout=110)
    os.close(ours)
    os.close(theirs)
    assert (1, True, True) == (ended.returncode, "Send it?" in ended.stdout, "nothing was sent" in ended.stdout)
    assert "2 recipients" in ended.stdout
    assert status(desk) == "paused"
