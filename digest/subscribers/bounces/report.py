"""Reports that machines write for machines: delivery status (RFC 3464, 6533) and complaints (RFC 5965)."""

from __future__ import annotations

import re
from email.message import Message

from digest.subscribers.bounces import parts
from digest.subscribers.bounces.judged import Class, Judged
from digest.subscribers.bounces.verdict import by_status, status_of, verdict

_STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status")
_ADDRESS = re.compile(r"[^\s<>\"(),;:]+@[^\s<>\"(),;:]+")
_ESCAPED = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_FINE = ("delivered", "relayed", "expanded", "delayed")

_COMPLAINTS = {
    "abuse": Class.COMPLAINT,
    "fraud": Class.COMPLAINT,
    "virus": Class.COMPLAINT,
    "other": Class.COMPLAINT,
    "": Class.COMPLAINT,
    "opt-out": Class.OPT_OUT,
    "opt-out-list": Class.OPT_OUT,
}


def address_in(field: str) -> str:
    """The bare address in a field such as `rfc822; <ana@example.org>`; "" where there is none."""
    plain = _ESCAPED.sub(lambda match: chr(min(int(match[1], 16), 0x10FFFF)), field)
    found = _ADDRESS.search(plain.replace("mailto:", " "))
    return found[0].strip(".'`]}") if found else ""


def delivery(message: Message) -> list[Judged]:
    """What a delivery report says of each recipient; nothing where there is no such report.

    Gateways put a whole report into another bounce: where the outer one has none, the inner one is read.
    """
    return _reported(message, deep=False) or _reported(message, deep=True)


def _reported(message: Message, *, deep: bool) -> list[Judged]:
    groups = [
        block
        for part in parts.walked(message, into_returned=deep)
        if part.get_content_type() in _STATUS_PARTS
        for block in parts.blocks(parts.text(part))
    ]
    about = [block for block in groups if {"final-recipient", "original-recipient", "action"} & block.keys()]
    return [_judged(block, message) for block in about]


def complaint(message: Message) -> list[Judged]:
    """A feedback report, or the older form of Outlook's; nothing where it is neither."""
    for part in parts.walked(message):
        if part.get_content_type() == "message/feedback-report":
            fields: dict[str, str] = {}
            for block in parts.blocks(parts.text(part)):
                fields = block | fields
            kind = _COMPLAINTS.get(fields.get("feedback-type", "").lower().strip(), Class.NONE)
            return [Judged(_complained(fields, parts.returned(message)), kind, said=fields.get("feedback-type", ""))]
    subject = parts.header(message, "Subject").lower()
    came_back = parts.returned(message)
    if "complaint about message from" in subject or "x-hmxmroriginalrecipient" in came_back:
        return [Judged(_complained({}, came_back), Class.COMPLAINT, said=subject[:200])]
    return []


def _judged(block: dict[str, str], message: Message) -> Judged:
    action = block.get("action", "").split(";")[0].split("(")[0].strip().lower()
    recipient = address_in(block.get("original-recipient", "")) or address_in(block.get("final-recipient", ""))
    recipient = (
        recipient
        or address_in(block.get("x-actual-recipient", ""))
        or address_in(parts.returned(message).get("to", ""))
    )
    status = status_of(block.get("status", ""))
    said = block.get("diagnostic-code", "") or block.get("x-display-name", "")
    if action in _FINE or status.startswith("2.") or (not action and "will-retry-until" in block):
        return Judged(recipient, Class.NONE, status, said)
    return Judged(recipient, _kind(said, status, message), status, said)


def _kind(said: str, status: str, message: Message) -> Class:
    """Its own words first; where they say nothing, the status, unless that is vague; then the words around it."""
    told = verdict(said, status)
    vague = not status or status.endswith((".0.0", ".3.0", ".5.0"))
    if told is None or (vague and told is Class.SOFT and by_status(status) is told and not said):
        told = verdict(parts.words(message), status) or told
    return told or Class.SOFT


def _complained(fields: dict[str, str], came_back: dict[str, str]) -> str:
    names = ("original-rcpt-to", "removal-recipient", "original-recipient", "final-recipient")
    candidates = [fields.get(name, "") for name in names]
    candidates += [
        came_back.get(name, "") for name in ("x-hmxmroriginalrecipient", "to", "delivered-to", "x-original-to")
    ]
    return next(filter(None, map(address_in, candidates)), "")
