"""What a relay's reply means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliveries.outcome import Stage, classify, shown
from digest.deliveries.reasons import status_of
from digest.model.deliveries import OutcomeKind as K


@pytest.mark.parametrize(
    ("stage", "code", "text", "kind"),
    [
        (Stage.DOT, 250, "2.0.0 queued as 4A1", K.ACCEPTED),
        (Stage.DOT, 451, "4.3.0 try later", K.DEFERRED),
        (Stage.DOT, 552, "5.2.2 mailbox full", K.REJECTED),
        (Stage.DOT, 0, "lost", K.UNCERTAIN),
        (Stage.DOT, 354, "go on?", K.UNCERTAIN),
        (Stage.DOT, 421, "4.7.0 closing", K.RELAY),
        (Stage.RCPT, 450, "4.2.1 greylisted", K.DEFERRED),
        (Stage.RCPT, 452, "4.2.2 over quota", K.DEFERRED),
        (Stage.RCPT, 550, "5.1.1 no such user", K.REJECTED),
        (Stage.RCPT, 550, "unknown", K.REJECTED),
        (Stage.RCPT, 421, "too busy", K.RELAY),
        (Stage.RCPT, 0, "lost", K.RELAY),
        (Stage.RCPT, 550, "5.7.1 not from you", K.SENDER),
        (Stage.RCPT, 554, "5.7.26 unauthenticated", K.SENDER),
        (Stage.RCPT, 530, "log in first", K.SENDER),
        (Stage.DATA, 250, "what?", K.RELAY),
        (Stage.DOT, 552, "5.3.4 too big", K.SENDER),
        (Stage.DOT, 554, "5.6.0 malformed", K.SENDER),
        (Stage.MAIL, 550, "sender refused", K.SENDER),
        (Stage.MAIL, 451, "4.3.2 busy", K.RELAY),
        (Stage.AUTH, 535, "5.7.8 wrong password", K.RELAY),
        (Stage.HELLO, 550, "go away", K.RELAY),
        (Stage.CONNECT, 554, "no service", K.RELAY),
        (Stage.CONNECT, 0, "refused", K.RELAY),
    ],
)
def test_who_is_meant(stage: Stage, code: int, text: str, kind: K) -> None:
    """The recipient is blamed only for what is clearly about the recipient."""
    assert kind is classify(stage, code, text).kind


@given(st.sampled_from(Stage), st.integers(0, 999), st.text(max_size=80))
def test_only_a_permanent_reply_ends_a_delivery(stage: Stage, code: int, text: str) -> None:
    """Whatever is said: rejected takes a 5xx, accepted a 2xx, both after MAIL; doubt arises only at the dot."""
    kind = classify(stage, code, text).kind
    if kind is K.REJECTED:
        assert code // 100 == 5
        assert stage in (Stage.RCPT, Stage.DATA, Stage.DOT)
    if kind is K.ACCEPTED:
        assert (2, Stage.DOT) == (code // 100, stage)
    if kind is K.UNCERTAIN:
        assert stage is Stage.DOT


def test_status_is_read_from_the_front() -> None:
    """An enhanced status is the first word, not a number somewhere in the prose."""
    assert "5.1.1" == status_of("5.1.1 <a@b.example>: no")
    assert "" == status_of("no such user")
    assert "" == status_of("see https://example.org/really-quite-long/path for 5.7.1 details")


@given(st.text())
def test_what_strangers_wrote_is_one_printable_line(text: str) -> None:
    """No reply can bring a control character into a log or terminal."""
    line = shown(text)
    assert line.isprintable()
    assert len(line) <= 300
