"""A whole message, judged: the order in which it is asked what it is."""

from __future__ import annotations

import email
import re
from email.message import Message

from digest.subscribers.bounces import parts, prose, quiet, report
from digest.subscribers.bounces.judged import Class, Judged

LARGEST = 1_000_000
"""Bytes that are looked at: reports come first, and a letter that came back may be long."""
_BARE_CR = re.compile(rb"\r(?!\n)")
_OPT_OUT = re.compile(
    r"(?i)^\W*(re:\s*)?(unsubscribe|opt-?out|abmelden|d[ée]sabonner|darse de baja|cancelar suscripci[óo]n)\W*$"
)


def classify(raw: bytes) -> tuple[Judged, ...]:
    """A judgement for each recipient that a message is about; one of class none for what is no bounce.

    Whatever strangers sent is answered, and nothing is raised.
    """
    # Some mailboxes keep lines that end in CR alone.
    message = email.message_from_bytes(_BARE_CR.sub(b"\n", raw[:LARGEST]))
    try:
        found = _asked(message)
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        # The standard library's parser has its own opinion of broken messages.
        found = []
    return tuple(dict.fromkeys(found)) or (Judged("", Class.NONE),)


def _asked(message: Message) -> list[Judged]:
    if found := report.complaint(message):
        return found
    if quiet.is_receipt(message):
        return []
    if found := report.delivery(message):
        return found
    if parts.report_type(message) != "delivery-status" and not message.get("X-Failed-Recipients"):
        if _OPT_OUT.match(parts.header(message, "Subject")):
            return [Judged(report.address_in(parts.header(message, "From")), Class.OPT_OUT)]
        if quiet.is_away(message):
            return []
    return prose.bounced(message)
