"""Plain text only, for whoever wants it: chosen by command or on one's own page, in one's own language."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest

from tests.builders import Desk, folder_source
from tests.fakes import Sink, sinking

PEOPLE = {"ana@example.org": "es", "bob@example.org": "en", "cleo@example.org": "fr", "zoe@example.org": ""}


@pytest.mark.long
def test_who_wants_text_gets_no_html(desk: Desk) -> None:
    """The same letter in the same languages, one part, easy to leave; whole again for whoever wants it back."""
    desk.write("one", "First & foremost", "2025-05-06")
    desk.write("two", "Second", "2025-06-06")
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port)
        desk.done("collect")
        for address, language in PEOPLE.items():
            desk.done("subscribers", "add", address, "--digest", "newsflash", "--language", language, "--confirmed")
        for address in ("ana@example.org", "zoe@example.org"):
            desk.done("subscribers", "prefer", address, "--text-only")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30T08:00Z")
        kinds = {address: last(sink, address).get_content_type() for address in PEOPLE}
        spanish, english = last(sink, "ana@example.org"), last(sink, "zoe@example.org")
        desk.done("subscribers", "prefer", "ana@example.org", "--html")
        desk.done("editions", "send", "newsflash", "--at", "2025-06-27T08:00Z")
    assert {
        "ana@example.org": "text/plain",
        "bob@example.org": "multipart/alternative",
        "cleo@example.org": "multipart/alternative",
        "zoe@example.org": "text/plain",
    } == kinds
    assert "30 de mayo de 2025" in spanish.get_content()
    assert "30 May 2025" in english.get_content()
    assert ([], "List-Unsubscribe=One-Click") == (list(english.defects), english["List-Unsubscribe-Post"])
    assert str(english["List-Unsubscribe"]).strip("<>") in english.get_content()
    assert "multipart/alternative" == last(sink, "ana@example.org").get_content_type()
    assert desk.done("subscribers", "show", "zoe@example.org", "--json").json()["text_only"]


def last(sink: Sink, address: str) -> EmailMessage:
    message = email.message_from_bytes(sink.of(address)[-1], policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message
