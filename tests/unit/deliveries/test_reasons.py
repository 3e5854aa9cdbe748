"""What real servers say, and whose fault that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.deliveries.outcome import Stage, classify, is_the_session, reason
from digest.deliveries.smtp.replies import Replies, code_of, said, text_of
from digest.model.deliveries import Fault, Outcome, OutcomeKind, Reason

K = OutcomeKind

LINES = (Path(__file__).parent / "replies.txt").read_text("utf-8").splitlines()
SAID = [tuple(map(str.strip, line.split("|", 2))) for line in LINES if line and not line.startswith("#")]


@pytest.mark.parametrize(("kind", "about", "said"), SAID, ids=[said[:40] for _, _, said in SAID])
def test_what_servers_say(kind: str, about: str, said: str) -> None:
    """Each by its code and words; what is about us or the letter is never the recipient's end."""
    outcome = classify(Stage.RCPT, int(said[:3]), said[4:])
    assert (kind, about) == (outcome.kind, reason(outcome).name.lower())


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (
            "450-4.2.1 The user you are trying to contact is receiving mail at a rate that\r\n450-4.2.1 prevents"
            " additional messages\r\n450 4.2.1 https://support.example/?p=ReceivingRate\r\n",
            "4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages"
            " https://support.example/?p=ReceivingRate",
        ),
        ("550-user unknown\r\n550 see https://example.com\r\n", "user unknown see https://example.com"),
        ("550-Refused\r\n550 5.7.1 by rule\r\n", "5.7.1 Refused by rule"),
        ("550 5.1.1\r\n", "5.1.1"),
        ("550\r\n", ""),
    ],
)
def test_a_reply_of_many_lines_is_read_whole(lines: str, text: str) -> None:
    """However it is read, and however it is cut: what it is about often stands in its first line alone."""
    for size in (1, 7, len(lines)):
        replies, found = Replies(), list[bytes]()
        for at in range(0, len(lines), size):
            found += replies.read(lines[at : at + size].encode())
        [line] = found
        assert (int(lines[:3]), text, False) == (code_of(line), text_of(line).strip(), replies.begun)
    assert text == said([line[4:] for line in lines.splitlines()])


@pytest.mark.parametrize("piece", [b"250-and another thing\r\n", b"x" * 20])
def test_a_reply_without_end_is_noticed(piece: bytes) -> None:
    """In many lines or in one: before it has filled the memory, and before its time is over."""
    replies = Replies()
    for _ in range(400):
        assert ([], False) == (replies.read(piece), replies.endless)
    for _ in range(200):
        assert [] == replies.read(piece)
    assert replies.endless


def test_every_fault_is_told_apart() -> None:
    """The five classes all occur in what servers say."""
    assert set(Fault) == {Reason[about.upper()].fault for _, about, _ in SAID}


@pytest.mark.parametrize(
    ("said", "session"),
    [
        ("452 4.3.1 Insufficient system storage", True),
        ("450 4.7.1 Error: too much mail from you", True),
        ("451 4.7.1 Greylisting in action", False),
        ("452 4.2.2 over quota", False),
        ("450 4.2.0 later", False),
    ],
)
def test_the_session_is_not_the_recipient(said: str, session: bool) -> None:
    """Too much at once is nobody's fault who is written to; their own mailbox is."""
    assert session is is_the_session(classify(Stage.RCPT, int(said[:3]), said[4:]))


def test_our_own_word_is_no_session() -> None:
    """An address that cannot be written is the address's; a connection lost thrice is the session's."""
    ours = Outcome(kind=K.REJECTED, text="the address cannot be written on the wire")
    lost = Outcome(kind=K.DEFERRED, text="lost at rcpt")
    assert (Fault.MAILBOX, False) == (reason(ours).fault, is_the_session(ours))
    assert (Fault.SESSION, True) == (reason(lost).fault, is_the_session(lost))


def test_whom_mail_refuses_is_the_sender() -> None:
    """Whatever the words: a refusal of MAIL is about us."""
    outcome = classify(Stage.MAIL, 550, "5.1.0 unknown user")
    assert (K.SENDER, Fault.SENDER) == (outcome.kind, reason(outcome).fault)
