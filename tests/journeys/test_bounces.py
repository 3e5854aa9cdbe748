"""A letter goes out, and comes back by a pipe: who is gone is taken off by the letter's own token."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from digest.settings.keys import Keyring
from digest.subscribers import verp
from tests.builders import REPOSITORY, Desk, folder_source
from tests.fakes import sinking
from tests.unit.subscribers.bounce_corpus import WHO, refusals

SENDER = 'from = "Metals Mark <news@example.org>"\n'


COMPLAINT = b"""From: staff@isp.example.com\r
Subject: complaint about message from 192.0.2.1\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: message/rfc822\r
\r
%b\r
\r
Hello\r
--b--\r
"""


def marked(desk: Desk, smtp: int) -> None:
    """Declare the house with an address for bounces."""
    desk.declare(sources=folder_source(desk.folder), smtp=smtp)
    text = desk.config.read_text("utf-8")
    desk.config.write_text(text.replace(SENDER, f'{SENDER}bounces = "bounces@bounces.example.net"\n'), "utf-8")


@pytest.mark.long
def test_a_letter_that_comes_back_takes_its_reader_off(desk: Desk) -> None:
    """Through the sink and a pipe: the envelope says whose it is; the next edition is not for them."""
    desk.write("one", "First", "2025-05-06")
    with sinking() as sink:
        marked(desk, sink.port)
        desk.done("collect")
        for email in (WHO, "bo@example.org"):
            desk.done("subscribers", "add", email, "--digest", "newsflash", "--confirmed")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30T08:00Z")
        senders = {to: sender for sender, to in sink.envelopes}
        [letter] = sink.of("bo@example.org")
    [raw] = [each.raw for each in refusals() if each.name.startswith("postfix 0")]
    (desk.folder / "bounce.eml").write_bytes(raw)
    assert verp.found(Keyring.parse("t:only-for-tests-0123456789"), senders[WHO])
    took = subprocess.run(
        [sys.executable, "-m", "digest", "--config", str(desk.config), "bounce", "--json"],
        input=raw,
        env={"PYTHONPATH": str(REPOSITORY), "ORIGINAL_RECIPIENT": senders[WHO], "PATH": "/usr/bin:/bin"},
        cwd=desk.folder,
        capture_output=True,
        check=True,
    )
    assert {"file": "-", "results": [{"rcpt": WHO, "class": "hard", "effect": "suppressed"}]} == json.loads(took.stdout)
    forged = desk.done("bounce", "bounce.eml", "--to", senders[WHO].replace("+", "+a"))
    assert "listed" in forged.out
    rows = desk.done("bounces", "list", "--json").json()
    assert [(WHO, False), (WHO, True)] == [(each["email"], each["matched"]) for each in rows]
    # Outlook's complaints bring back the letter without its envelope: without its headers nobody knows whose it was.
    for headers in (b"Subject: Newsflash\r\n", letter.partition(b"\r\n\r\n")[0]):
        (desk.folder / "complaint.eml").write_bytes(COMPLAINT % headers)
        desk.done("bounce", "complaint.eml")
    suppressed = desk.done("suppressions", "list", "--json").json()
    expected = [("bo@example.org", "complaint"), (WHO, "hard bounce")]
    assert expected == [(each["email"], each["reason"]) for each in suppressed]


def test_a_relay_that_knows_nobody_there_is_believed(desk: Desk) -> None:
    """When the mailing is over, as a bounce would be; a full mailbox and a refusal of us are not."""
    desk.write("one", "First", "2025-05-06")
    people = [f"u{number}@example.org" for number in range(60)]
    with sinking() as sink:
        marked(desk, sink.port)
        sink.refused = {people[0]: "550 5.1.1 user unknown", people[1]: "552 5.2.2 mailbox full"}
        desk.done("collect")
        (desk.folder / "people.csv").write_text("email\n" + "\n".join(people))
        desk.done("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")
        desk.run("editions", "send", "newsflash", "--at", "2025-05-30T08:00Z")
    rows = desk.done("suppressions", "list", "--json").json()
    assert [(people[0], "hard bounce", "refused: newsflash")] == [
        (each["email"], each["reason"], each["source"]) for each in rows
    ]


def test_a_dry_run_says_a_line_for_each_file(desk: Desk) -> None:
    """Without a store, a token, or a change."""
    marked(Desk(desk.folder), 1)
    samples = [each for each in refusals() if each.name.startswith("exim")]
    for number, each in enumerate(samples):
        (desk.folder / f"{number}.eml").write_bytes(each.raw)
    ran = desk.done("bounce", "--dry-run", "--json", *(f"{number}.eml" for number in range(len(samples))))
    told = [json.loads(line) for line in ran.out.splitlines()]
    assert [
        {"file": f"{number}.eml", "results": [{"rcpt": WHO, "class": each.kind}]} for number, each in enumerate(samples)
    ] == told
    assert not Path(desk.folder / "var").exists()
    assert desk.run("bounce", "--dry-run", "nothing.eml").status == 2
