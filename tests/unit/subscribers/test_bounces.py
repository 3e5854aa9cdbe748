"""What the post sends back, judged: on a corpus of our own, on odd ones, and on anything at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import hypothesis.strategies as st
import pytest
from hypothesis import given

from digest.subscribers.bounces import Class, Judged, classify
from digest.subscribers.bounces.classify import LARGEST
from tests.unit.subscribers.bounce_corpus import WHO, Sample, others, refusals

REFUSED = tuple(refusals())
OTHERS = tuple(others())


def share(samples: Iterable[Sample], fits: Callable[[Sample, tuple[Judged, ...]], bool]) -> float:
    judged = [(each, classify(each.raw)) for each in samples]
    good = [each for each, found in judged if fits(each, found)]
    return len(good) / len(judged)


def kinds(found: Iterable[Judged]) -> set[str]:
    return {str(each.kind) for each in found}


def test_the_recipient_is_found() -> None:
    """Of every refusal and complaint, in every form: at least 95 in a hundred."""
    samples = [each for each in (*REFUSED, *OTHERS) if each.recipient]
    assert share(samples, lambda each, found: {one.recipient for one in found} == {each.recipient}) >= 0.95


def test_who_is_gone_is_recognised() -> None:
    """At least 88 in a hundred."""
    hard = [each for each in REFUSED if each.kind == "hard"]
    assert share(hard, lambda _, found: kinds(found) == {"hard"}) >= 0.88


def test_who_is_there_is_not_taken_for_gone() -> None:
    """A full mailbox or a refusal of us counts as dead in at most 4 of a hundred."""
    alive = [each for each in REFUSED if each.kind != "hard"]
    assert share(alive, lambda _, found: "hard" in kinds(found)) <= 0.04


def test_complaints_are_heard() -> None:
    """At least 95 in a hundred, Outlook's old form among them."""
    complaints = [each for each in OTHERS if each.kind in ("complaint", "optout")]
    assert share(complaints, lambda each, found: kinds(found) == {each.kind}) >= 0.95


def test_silence_is_no_bounce() -> None:
    """Out of office, receipts, delays, answers of people: at most 2 in a hundred are taken for one."""
    quiet = [each for each in OTHERS if each.kind == "none"]
    assert share(quiet, lambda _, found: kinds(found) != {"none"}) <= 0.02


def test_each_of_several_is_judged_by_its_own_lines() -> None:
    """One is full, one is gone, in one bounce that is only words."""
    raw = b"""From: MAILER-DAEMON@mx.example.org\nSubject: Undelivered Mail Returned to Sender\n
I'm sorry, your message could not be delivered.\n
<a@example.org>: 552 5.2.2 mailbox full\n
<b@example.org>: 550 5.1.1 user unknown\n"""
    assert {each.recipient: each.kind for each in classify(raw)} == {
        "a@example.org": Class.SOFT,
        "b@example.org": Class.HARD,
    }


@pytest.mark.parametrize("ending", [b"\r\n", b"\r", b"\n"])
def test_line_ends_do_not_matter(ending: bytes) -> None:
    """Some mailboxes keep CR alone."""
    raw = REFUSED[0].raw.replace(b"\n", ending)
    assert [(each.recipient, each.kind) for each in classify(raw)] == [(WHO, Class.HARD)]


def test_other_scripts_are_read() -> None:
    """A report about an address of its own script (RFC 6533), raw and escaped."""
    for written in ("utf-8; jörg@bücher.example", r"utf-8; j\x{F6}rg@b\x{FC}cher.example"):
        raw = f"""From: MAILER-DAEMON@x.example\nSubject: Failed\nMIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b
Content-Type: message/global-delivery-status\n\nReporting-MTA: dns; x.example\n
Final-Recipient: {written}\nAction: failed\nStatus: 5.1.1\n\n--b--\n""".encode()
        assert [(each.recipient, each.kind) for each in classify(raw)] == [("jörg@bücher.example", Class.HARD)]


@given(st.binary(max_size=600), st.integers(0, len(REFUSED) - 1), st.integers(0, 2_000))
def test_anything_may_come_back(noise: bytes, number: int, cut: int) -> None:
    """Whole, cut, or with anything in the middle: an answer, never an exception."""
    raw = REFUSED[number].raw
    assert classify(noise)
    assert classify(raw[:cut] + noise + raw[cut:])


def test_a_bounce_names_so_many_and_no_more() -> None:
    """Each once; whoever writes thousands does so to keep us busy."""
    named = b"".join(b"X-Failed-Recipients: person%d@example.org\r\n" % (number % 90) for number in range(5_000))
    judged = classify(named + b"\r\n550 5.1.1 user unknown\r\n")
    assert (50, 50) == (len(judged), len({each.recipient for each in judged}))


@pytest.mark.long
@pytest.mark.parametrize("word", [b"&", b"=?a?b?"])
def test_no_words_keep_us_busy(word: bytes) -> None:
    """As many as are looked at are read in a second or so, where each once took minutes."""
    head = b"From: MAILER-DAEMON@x.org\r\nSubject: "
    subject, body = word.strip() * (LARGEST // len(word)), word * (LARGEST // len(word))
    assert classify(head + subject + b"\r\n\r\n.")
    assert classify(head + b"Undelivered\r\n\r\n" + body)


def test_a_helper_that_trips_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """It would write a traceback to whoever pipes a message to us."""
    assert classify(b"From: \r\nSubject: Undelivered mail\r\n\r\n550 5.1.1 <ana@example.org> unknown\r\n")
    assert [] == caplog.records
