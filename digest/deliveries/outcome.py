"""What a relay's reply means: for this recipient, for the session, or for us."""

from __future__ import annotations

from enum import StrEnum

from digest.deliveries.reasons import reason_of, status_of
from digest.model.deliveries import Fault, Outcome, OutcomeKind, Reason


class Stage(StrEnum):
    """Where in a session a reply came, or should have come."""

    CONNECT = "connect"
    HELLO = "hello"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


_SESSION = frozenset({Stage.CONNECT, Stage.HELLO, Stage.AUTH})
_UNAVAILABLE = 421
_OUT_OF_STEP = frozenset({500, 502, 503, 504})


def classify(stage: Stage, code: int, text: str) -> Outcome:
    """The outcome of one attempt that ended at `stage`; `code` 0 where the connection was lost instead.

    Replies to the final dot are verdicts, a loss after it is a doubt (RFC 5321, 4.5.3.2.6). 421 is always about
    the session. What is not clearly permanent is temporary.
    """
    return Outcome(kind=_kind(stage, code, text), code=code, text=shown(text))


def reason(outcome: Outcome) -> Reason:
    """What a failure is about, from its code and text alone: a journal keeps no more."""
    if is_our_own(outcome):
        return Reason.UNKNOWN
    said = reason_of(outcome.code, outcome.text)
    if outcome.kind is OutcomeKind.SENDER and said.fault is Fault.MAILBOX:
        return Reason.REFUSED
    return said


def is_our_own(outcome: Outcome) -> bool:
    """Whether it is our word, and no relay's: we cannot write to the address, and nobody was asked about it."""
    return outcome.code == 0 and outcome.kind is OutcomeKind.REJECTED


def is_the_session(outcome: Outcome) -> bool:
    """Whether a deferral is the session's fault: too much at once, or lost again and again."""
    about = reason(outcome)
    full = outcome.code in (_UNAVAILABLE, 452) and about.fault is Fault.SESSION
    return outcome.kind is OutcomeKind.DEFERRED and (full or about in (Reason.THROTTLED, Reason.LOST))


def shown(text: str) -> str:
    """A reply as one printable line, at most 300 letters: strangers wrote it."""
    line = " ".join(text.split())
    return "".join(letter if letter.isprintable() else "?" for letter in line)[:300]


def _kind(stage: Stage, code: int, text: str) -> OutcomeKind:
    if code == 0 or not 200 <= code <= 599:
        return OutcomeKind.UNCERTAIN if stage is Stage.DOT else OutcomeKind.RELAY
    if stage in _SESSION or code == _UNAVAILABLE:
        return OutcomeKind.RELAY
    if code < 400:
        # At the dot 3xx is no answer at all; before it, 2xx for 354 is a server out of step.
        return _positive(stage, code)
    if code < 500:
        return OutcomeKind.RELAY if stage is Stage.MAIL else OutcomeKind.DEFERRED
    return _permanent(stage, code, text)


def _permanent(stage: Stage, code: int, text: str) -> OutcomeKind:
    reason = reason_of(code, text)
    if _passing(code, status_of(text), reason):
        return OutcomeKind.RELAY if stage is Stage.MAIL else OutcomeKind.DEFERRED
    if stage is Stage.MAIL or reason is Reason.BLOCKED or reason.fault in (Fault.CONTENT, Fault.SENDER):
        return OutcomeKind.SENDER
    return OutcomeKind.REJECTED


def _passing(code: int, status: str, reason: Reason) -> bool:
    """Whether a 5xx is one in name only: it says that it will pass, or that we are out of step."""
    if reason in (Reason.GREYLISTED, Reason.THROTTLED) or status.startswith("4.") or code in _OUT_OF_STEP:
        return True
    return reason is Reason.BUSY and not status


def _positive(stage: Stage, code: int) -> OutcomeKind:
    if stage is not Stage.DOT:
        return OutcomeKind.RELAY
    return OutcomeKind.ACCEPTED if code < 300 else OutcomeKind.UNCERTAIN
