"""Leaving by a mail, only where somebody reads it; and leaving while one's letter waits to be sent."""

from __future__ import annotations

import email
import email.policy
import re

import httpx
import pytest

from tests.builders import Desk, folder_source
from tests.fakes import sinking

pytestmark = pytest.mark.long

SENDER = 'reply_to = "office@example.org"\n'
INTAKE = 'unsubscribe_mailto = "leave@mail.example.org"\n'
OTHER = '[digests.other]\ntitle = "Other"\nsender = "main"\nschedule = "mon 09:00"\n'


@pytest.mark.parametrize("intake", [True, False])
def test_a_letter_offers_it_only_where_it_is_read(desk: Desk, intake: bool) -> None:
    """Then the mail takes its sender off that digest at once, whoever it is from; else only the link is there."""
    desk.write("one", "First", "2025-05-06")
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port, digest=OTHER)
        text = desk.config.read_text("utf-8")
        desk.config.write_text(text.replace(SENDER, SENDER + (INTAKE if intake else "")), "utf-8")
        desk.done("collect")
        for digest in ("newsflash", "other"):
            desk.done("subscribers", "add", "ana@example.org", "--digest", digest, "--confirmed")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30T08:00Z")
        [raw] = sink.of("ana@example.org")
    said = email.message_from_bytes(raw, policy=email.policy.default)["List-Unsubscribe"]
    ways = re.findall(r"<(\w+:[^>]+)>", said)
    assert (["http", "mailto"] if intake else ["http"]) == [way.partition(":")[0] for way in ways]
    if intake:
        to = ways[1].removeprefix("mailto:").partition("?")[0].replace("%2B", "+")
        mail = f"From: somebody@example.net\r\nTo: {to}\r\nSubject: unsubscribe\r\n\r\n"
        (desk.folder / "leave.eml").write_bytes(mail.encode())
        desk.done("bounce", "leave.eml", "--to", to.lower())
        rows = desk.done("subscribers", "list", "--json").json()
        assert {"newsflash": "unsubscribed", "other": "confirmed"} == {row["digest"]: row["state"] for row in rows}


def test_it_holds_for_a_letter_that_is_owed_already(desk: Desk) -> None:
    """Sealed for two, one leaves by their last letter's link: the other gets it."""
    desk.write("one", "First", "2025-05-06")
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port)
        desk.done("collect")
        for name in ("ana", "bo"):
            desk.done("subscribers", "add", f"{name}@example.org", "--digest", "newsflash", "--confirmed")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30T08:00Z")
        letter = email.message_from_bytes(sink.of("ana@example.org")[0], policy=email.policy.default)
        [link] = re.findall(r"/unsubscribe/[a-z0-9_.]+", letter["List-Unsubscribe"])
        desk.write("two", "Second", "2025-06-06")
        desk.done("collect")
        desk.done("editions", "compose", "newsflash", "--at", "2025-06-27T08:00Z")
        with desk.serving("web") as base:
            form = {"List-Unsubscribe": "One-Click"}
            assert 200 == httpx.post(f"{base}{link}", data=form, trust_env=False).status_code
        desk.done("editions", "send", "newsflash")
    assert (1, 2) == (len(sink.of("ana@example.org")), len(sink.of("bo@example.org")))
