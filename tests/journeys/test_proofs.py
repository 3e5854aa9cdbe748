"""Nothing goes out unseen: operators get the real letter first, marked, with links that act on nobody."""

from __future__ import annotations

import email
import email.policy
import re

from tests.builders import Desk, folder_source
from tests.fakes import sinking

ALERTS = '\n[alerts]\nto = ["Office <office@example.org>"]\n'


def test_proofs_come_first(desk: Desk) -> None:
    """One of each language, once, before the first letter; unsubscribing from a proof unsubscribes nobody."""
    desk.write("one", "First & foremost", "2025-05-06")
    people = ["email,language", *(f"person{number}@example.org,{'es' if number % 2 else 'en'}" for number in range(9))]
    (desk.folder / "people.csv").write_text("\n".join(people), "utf-8")
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder) + ALERTS, smtp=sink.port)
        desk.done("collect")
        desk.done("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30")
    assert ["office@example.org"] * 2 == [to for to, _ in sink.accepted][:2]
    assert 9 == len({to for to, _ in sink.accepted[2:]}) == len(sink.accepted[2:])
    proofs = [email.message_from_bytes(raw, policy=email.policy.default) for raw in sink.of("office@example.org")]
    assert {"[Proof] Newsflash May 2025", "[Proof] Newsflash mayo de 2025"} == {each["Subject"] for each in proofs}
    letter = email.message_from_bytes(sink.of("person0@example.org")[0], policy=email.policy.default)
    for proof in proofs:
        text, html = (part.get_content() for part in proof.iter_parts())
        assert text.startswith("Proof of newsflash 2025-05-30")
        assert "First & foremost" in text
        assert "Proof of newsflash" in html
        assert not re.search(r"/(unsubscribe|manage)/", text + html)
        assert proof["List-Unsubscribe"] is None
    english = next(each for each in proofs if "May" in each["Subject"]).get_body(("plain",))
    body = letter.get_body(("plain",))
    assert english
    assert body
    # Word for word what readers get, but for whose it is.
    real = [
        line
        for line in body.get_content().splitlines()
        if not re.search(r"person0@|you asked for it|/unsubscribe/|/manage/", line)
    ]
    assert [] == [line for line in real if line not in english.get_content().splitlines()]


def test_nobody_there_no_proofs(desk: Desk) -> None:
    """Without `alerts.to` nothing is sent but the letters; and what it will take is said before."""
    desk.write("one", "First & foremost", "2025-05-06")
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port)
        desk.done("collect")
        desk.done("subscribers", "add", "ada@example.org", "--digest", "newsflash", "--confirmed")
        shown = desk.done("editions", "preview", "newsflash", "--at", "2025-05-30").out
        assert "Plan: 1 recipient, as fast as the relay takes them" in shown
        desk.config.write_text(desk.config.read_text().replace('rate = "unlimited"', 'rate = "2/s"\nper_day = 5'))
        sent = desk.done("editions", "send", "newsflash", "--at", "2025-05-30").out
        assert re.search(r"goes out from .*\. 1 recipient, 2 a second: done \w+ \d\d:\d\d\.", sent)
    assert ["ada@example.org"] == [to for to, _ in sink.accepted]
