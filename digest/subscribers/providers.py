"""What mail providers report to `/hooks/bounces`, in their own words, as judgements; pure.

Each is read from the form its documentation shows: Amazon SES (by SNS), Mailgun, Postmark, SendGrid, Brevo.
What is no bounce and no complaint is nothing: opened, clicked, delivered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from digest.subscribers.bounces import Class, Judged
from digest.subscribers.bounces.verdict import status_of, verdict


@dataclass(frozen=True, slots=True)
class Told:
    """One report: the judgement, the provider's own name for the event, and what may say whose letter it was."""

    judged: Judged
    event: str
    envelope: str = ""
    """The envelope sender, where the provider tells it."""
    message_id: str = ""
    """Our Message-ID, where the provider keeps it."""


Json = Mapping[str, Any]


def read(provider: str, document: Any) -> tuple[Told, ...]:
    """The reports in a document; nothing for one that says nothing of ours. KeyError for an unknown provider."""
    return tuple(each for each in READERS[provider](document) if each.judged.kind is not Class.NONE)


def _ses(document: Any) -> Iterator[Told]:
    """The SES notification inside an SNS message (or alone, as raw delivery sends it)."""
    event = _dict(document)
    kind = str(event.get("notificationType") or event.get("eventType") or "").lower()
    mail = _dict(event.get("mail"))
    said = {"envelope": _text(mail.get("source")), "message_id": _ses_header(mail, "message-id")}
    if kind == "bounce":
        bounce = _dict(event.get("bounce"))
        for each in _dicts(bounce.get("bouncedRecipients")):
            text = _text(each.get("diagnosticCode"))
            status = _text(each.get("status")) or status_of(text)
            judged = _judge(each.get("emailAddress"), _ses_kind(bounce, text, status), status, text)
            yield Told(judged, _text(bounce.get("feedbackId")), **said)
    elif kind == "complaint":
        complaint = _dict(event.get("complaint"))
        if _text(complaint.get("complaintFeedbackType")) == "not-spam":
            return
        for each in _dicts(complaint.get("complainedRecipients")):
            yield Told(_judge(each.get("emailAddress"), Class.COMPLAINT), _text(complaint.get("feedbackId")), **said)


def _ses_kind(bounce: Json, text: str, status: str) -> Class:
    kind, detail = _text(bounce.get("bounceType")), _text(bounce.get("bounceSubType"))
    if kind != "Permanent":
        return Class.BLOCK if detail in ("ContentRejected", "AttachmentRejected") else Class.SOFT
    # "General" is said of refusals, too: the server's own words tell them apart.
    told = verdict(text, status) if text else None
    return told if told in (Class.BLOCK, Class.SOFT) and detail == "General" else Class.HARD


def _ses_header(mail: Json, name: str) -> str:
    found = [each for each in _dicts(mail.get("headers")) if _text(each.get("name")).lower() == name]
    return _text(found[0].get("value")) if found else ""


def _mailgun(document: Any) -> Iterator[Told]:
    data = _dict(_dict(document).get("event-data"))
    event, severity = _text(data.get("event")), _text(data.get("severity"))
    status = _dict(data.get("delivery-status"))
    headers = _dict(_dict(data.get("message")).get("headers"))
    text = _text(status.get("message")) or _text(status.get("description"))
    said = {
        "envelope": _text(_dict(data.get("envelope")).get("sender")),
        "message_id": _bracketed(headers.get("message-id")),
    }
    kind = {"complained": Class.COMPLAINT, "unsubscribed": Class.OPT_OUT}.get(event, Class.NONE)
    if event == "failed" and severity == "permanent":
        code = _text(status.get("enhanced-code"))
        kind = verdict(f"{status.get('code', '')} {text}", code) or Class.SOFT
        kind = Class.HARD if data.get("reason") == "suppress-bounce" else kind
    yield Told(
        _judge(data.get("recipient"), kind, _text(status.get("enhanced-code")), text), _text(data.get("id")), **said
    )


def _postmark(document: Any) -> Iterator[Told]:
    event = _dict(document)
    record, kind = _text(event.get("RecordType")), _text(event.get("Type"))
    kinds = {
        "HardBounce": Class.HARD,
        "BadEmailAddress": Class.HARD,
        "SoftBounce": Class.SOFT,
        "Transient": Class.SOFT,
        "DnsError": Class.SOFT,
        "Undeliverable": Class.SOFT,
        "SpamNotification": Class.BLOCK,
        "Blocked": Class.BLOCK,
        "DMARCPolicy": Class.BLOCK,
        "VirusNotification": Class.BLOCK,
        "SpamComplaint": Class.COMPLAINT,
        "Unsubscribe": Class.OPT_OUT,
    }
    found = Class.COMPLAINT if record == "SpamComplaint" else kinds.get(kind, Class.NONE)
    if record not in ("Bounce", "SpamComplaint"):
        return
    text = _text(event.get("Details")) or _text(event.get("Description"))
    yield Told(_judge(event.get("Email"), found, status_of(text), text), f"postmark:{_text(event.get('ID'))}")


def _sendgrid(document: Any) -> Iterator[Told]:
    for event in _dicts(document):
        kind, text = _text(event.get("event")), _text(event.get("reason"))
        status = _text(event.get("status"))
        found = {"spamreport": Class.COMPLAINT, "unsubscribe": Class.OPT_OUT, "group_unsubscribe": Class.OPT_OUT}.get(
            kind, Class.NONE
        )
        if kind == "bounce":
            blocked = _text(event.get("type")) == "blocked"
            found = Class.BLOCK if blocked else verdict(text, status) or Class.HARD
        elif kind == "dropped" and text.startswith("Bounced Address"):
            found = Class.HARD
        judged = _judge(event.get("email"), found, status, text)
        yield Told(judged, _text(event.get("sg_event_id")), message_id=_bracketed(event.get("smtp-id")))


def _brevo(document: Any) -> Iterator[Told]:
    event = _dict(document)
    kinds = {
        "hard_bounce": Class.HARD,
        "invalid_email": Class.HARD,
        "soft_bounce": Class.SOFT,
        "blocked": Class.BLOCK,
        "spam": Class.COMPLAINT,
        "complaint": Class.COMPLAINT,
        "unsubscribed": Class.OPT_OUT,
    }
    kind, text = kinds.get(_text(event.get("event")), Class.NONE), _text(event.get("reason"))
    name = ":".join(_text(event.get(part)) for part in ("event", "message-id", "email", "ts_event"))
    yield Told(
        _judge(event.get("email"), kind, status_of(text), text), name, message_id=_bracketed(event.get("message-id"))
    )


READERS: Mapping[str, Callable[[Any], Iterator[Told]]] = {
    "ses": _ses,
    "mailgun": _mailgun,
    "postmark": _postmark,
    "sendgrid": _sendgrid,
    "brevo": _brevo,
}


def _judge(recipient: object, kind: Class, status: str = "", said: str = "") -> Judged:
    return Judged(_text(recipient).strip(" <>"), kind, status, said[:500])


def _text(value: object) -> str:
    """What no database and no wire takes, half a character or a nought, is left out."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    return str(value) if isinstance(value, int) else ""


def _bracketed(value: object) -> str:
    text = _text(value).strip()
    return text if not text or text.startswith("<") else f"<{text}>"


def _dict(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def _dicts(value: object) -> Sequence[Json]:
    listed = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return [each for each in listed if isinstance(each, Mapping)]
