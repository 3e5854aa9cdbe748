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


def _header(raw: bytes, name: bytes) -> bytes:
    found = re.search(rb"(?m)^" + name + rb": (.*)\r$", raw)
    assert found
    return found[1]


def _csv(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
