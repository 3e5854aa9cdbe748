"""One command stops every process; nothing is lost, and one command lets it go on."""

from __future__ import annotations

import email
import time

import pytest

from tests.builders import Desk
from tests.fakes import Sink, sinking


def readers(sink: Sink) -> set[str]:
    return {to for to, _ in sink.accepted} - {"office@example.org"}


@pytest.mark.long
def test_stopped_nobody_but_the_operators_is_written_to(desk: Desk, store_url: str) -> None:
    """What is owed stays owed; status, doctor and send say who stopped it and why; lifted it goes on."""
    with sinking() as sink:
        desk.owe("Number one", 3, smtp=sink.port, database=store_url, alerts="office@example.org")
        desk.done("editions", "compose", "newsflash", "--at", "2025-05-30")
        desk.done("stop", "wrong figures")
        refused = desk.run("editions", "send", "newsflash", "--at", "2025-05-30")
        assert (1, True) == (refused.status, "wrong figures" in refused.err)
        assert "wrong figures" in desk.done("tick", "--once").out
        assert set() == readers(sink)
        subjects = [str(email.message_from_bytes(raw)["Subject"]) for raw in sink.of("office@example.org")]
        assert "Attention: everything is stopped" in subjects
        [row] = desk.done("deliveries", "status", "--json").json()
        assert (3, True) == (row["owed"], "wrong figures" in row["stopped"])
        assert "wrong figures" in desk.done("deliveries", "status").out
        assert "wrong figures" in desk.run("doctor").out
        desk.done("stop", "--lift")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30")
        assert {f"person{number}@example.org" for number in range(3)} == readers(sink)
        assert 2 == desk.run("stop", "--lift").status


@pytest.mark.long
def test_it_stops_a_mailing_that_another_process_sends(desk: Desk) -> None:
    """Within a second or two nothing more is begun; the rest goes when it is lifted, and nobody gets two."""
    with sinking() as sink:
        desk.owe("Number one", 60, smtp=sink.port, alerts="office@example.org")
        desk.config.write_text(desk.config.read_text().replace('rate = "unlimited"', 'rate = "20/s"'))
        sending = desk.spawn("editions", "send", "newsflash", "--at", "2025-05-30")
        try:
            wait_for(lambda: len(readers(sink)) >= 5)
            desk.done("stop", "wrong figures")
            out, _ = sending.communicate(timeout=30)
        finally:
            sending.kill()
        begun = len(readers(sink))
        assert (1, True, True) == (sending.returncode, begun < 60, "wrong figures" in out.decode())
        desk.done("stop", "--lift")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30")
        addresses = [to for to, _ in sink.accepted if to != "office@example.org"]
        assert (60, 60) == (len(addresses), len(set(addresses)))


def wait_for(true: object, seconds: float = 60.0) -> None:
    """Wait until it is."""
    assert callable(true)
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)
