"""An edition to a thousand subscribers leaves a thousand messages, one each; run again it sends none."""

from __future__ import annotations

import email
import email.policy
import re
from collections import Counter

from tests.builders import Desk, folder_source
from tests.fakes import sinking

NAMES = ["Ana", "Bob “B” O'Brien", "Zoë Müller", "山田太郎", "أمل", "", "Émile " * 12, 'Quote " and \\ back']


def test_one_each(desk: Desk) -> None:
    """Counted at the sink by recipient and Message-ID; every message parses without a defect, text part first."""
    desk.write("one", "First & foremost", "2025-05-06")
    people = [
        f"person{number}@example.org,{_csv(NAMES[number % 8])},{'es' if number % 4 else 'en'}" for number in range(1000)
    ]
    (desk.folder / "people.csv").write_text("\n".join(["email,name,language", *people]), "utf-8")
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port)
        desk.done("collect")
        desk.done("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")
        first = desk.done("editions", "send", "newsflash", "--at", "2025-05-30")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30")
        desk.done("editions", "send", "newsflash")
    assert "1000 accepted" in first.out
    assert {1} == set(Counter(to for to, _ in sink.accepted).values())
    assert 1000 == len(sink.accepted) == len({_header(raw, b"Message-ID") for _, raw in sink.accepted})
    for to, raw in sink.accepted[::37]:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert ([], to) == (list(message.defects), message["To"].addresses[0].addr_spec)
        assert re.fullmatch(rb"<http://\S+/unsubscribe/\S+>", _header(raw, b"List-Unsubscribe"))
        assert b"List-Unsubscribe=One-Click" == _header(raw, b"List-Unsubscribe-Post")
        assert ["text/plain", "text/html"] == [part.get_content_type() for part in message.iter_parts()]
        assert max(map(len, raw.split(b"\r\n"))) <= 998
        assert raw.isascii()
    longest = max((raw for _, raw in sink.accepted), key=lambda raw: len(raw.partition(b"\r\n\r\n")[0]))
    handle = rb"newsflash\.t\.\d+\.[a-z0-9]{30,}"
    assert re.fullmatch(
        rb"<http://127\.0\.0\.1:8080/unsubscribe/" + handle + rb">", _header(longest, b"List-Unsubscribe")
    )
    assert b"Newsflash <newsflash.127.0.0.1>" == _header(longest, b"List-Id")
    assert 1000 == len({_header(raw, b"List-Unsubscribe") for _, raw in sink.accepted})
    assert {b"Newsflash May 2025": 250, b"Newsflash mayo de 2025": 750} == Counter(
        _header(raw, b"Subject") for _, raw in sink.accepted
    )


def test_each_reads_their_own_language(desk: Desk) -> None:
    """One of each language: the frame of the letter is in it, text part and HTML alike."""
    desk.write("one", "First & foremost", "2025-05-06")
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port)
        desk.done("collect")
        for language in ("en", "es", "xx"):
            to = ("--digest", "newsflash", "--confirmed", "--language", language)
            desk.done("subscribers", "add", f"{language}@example.org", *to)
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30")
    read = {to: email.message_from_bytes(raw, policy=email.policy.default) for to, raw in sink.accepted}
    for language, word, other in (
        ("en", "Unsubscribe", "Darse"),
        ("es", "Darse", "Unsubscribe"),
        ("xx", "Unsub", "Darse"),
    ):
        for part in read[f"{language}@example.org"].iter_parts():
            text = part.get_content()
            assert (True, False) == (word in text, other in text), (language, part.get_content_type())


def _header(raw: bytes, name: bytes) -> bytes:
    found = re.search(rb"(?m)^" + name + rb": (.*)\r$", raw)
    assert found
    return found[1]


def _csv(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
