"""What a relay's reply means: for this recipient, for the session, or for us."""

from __future__ import annotations

import re
from enum import StrEnum

from digest.model.deliveries import Outcome, OutcomeKind


class Stage(StrEnum):
    """Where in a session a reply came, or should have come."""

    CONNECT = "connect"
    HELLO = "hello"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_SESSION = frozenset({Stage.CONNECT, Stage.HELLO, Stage.AUTH})
_UNAVAILABLE = 421
# Replies to AUTH that servers also give to MAIL and RCPT: log in first, the password is wrong.
_LOGIN = frozenset({530, 534, 535, 538})
_POLICY = ("5.7.",)
# The message is too big, or malformed: every recipient would hear the same.
_CONTENT = ("5.3.4", "5.6.")


def classify(stage: Stage, code: int, text: str) -> Outcome:
    """The outcome of one attempt that ended at `stage`; `code` 0 where the connection was lost instead.

    Replies to the final dot are verdicts, a loss after it is a doubt (RFC 5321, 4.5.3.2.6). 421 is always about
    the session. What is not clearly permanent is temporary.
    """
    return Outcome(kind=_kind(stage, code, status_of(text)), code=code, text=shown(text))


def status_of(text: str) -> str:
    """The enhanced status code of a reply (RFC 3463), "" where it has none."""
    found = _STATUS.search(text[:40])
    return found[1] if found else ""


def shown(text: str) -> str:
    """A reply as one printable line, at most 300 letters: strangers wrote it."""
    line = " ".join(text.split())
    return "".join(letter if letter.isprintable() else "?" for letter in line)[:300]


def _kind(stage: Stage, code: int, status: str) -> OutcomeKind:
    if code == 0 or not 200 <= code <= 599:
        return OutcomeKind.UNCERTAIN if stage is Stage.DOT else OutcomeKind.RELAY
    if stage in _SESSION or code == _UNAVAILABLE:
        return OutcomeKind.RELAY
    if code < 400:
        # At the dot 3xx is no answer at all; before it, 2xx for 354 is a server out of step.
        return _positive(stage, code)
    if code < 500:
        return OutcomeKind.RELAY if stage is Stage.MAIL else OutcomeKind.DEFERRED
    if stage is Stage.MAIL or code in _LOGIN or status.startswith((*_POLICY, *_CONTENT)):
        return OutcomeKind.SENDER
    return OutcomeKind.REJECTED


def _positive(stage: Stage, code: int) -> OutcomeKind:
    if stage is not Stage.DOT:
        return OutcomeKind.RELAY
    return OutcomeKind.ACCEPTED if code < 300 else OutcomeKind.UNCERTAIN
