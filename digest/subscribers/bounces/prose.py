"""Bounces that are only words: whom they are about, and what they say of each."""

from __future__ import annotations

import logging
import re
from email.message import Message

from digest.subscribers.bounces import parts
from digest.subscribers.bounces.judged import Class, Judged
from digest.subscribers.bounces.report import address_in
from digest.subscribers.bounces.verdict import status_of, verdict

_DAEMON = re.compile(
    r"mailer-?daemon|postmaster|mail ?delivery|maildaemon|mdaemon|mail-?system|mailadmin|mta-?daemon|mail\.?server"
    r"|smtp-?(gate|agent|daemon)|symantec|administrator@|bounce",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|not deliver|n.t deliver|return(ed|ing) (mail|message|to sender)|delivery (status|fail|report|error"
    r"|problem|notif|unsuccess|incomplete|has failed)|(mail|message|e-?mail|delivery).{0,20}(failed|failure|error"
    r"|problem|rejected|refused|bounced)|failure (notice|notif|delivery)|failed (mail|delivery|message)"
    r"|non-?deliver|zustell|zugestellt|non remis|non distribu|[ée]chec|no (se )?(pudo )?entreg|mancata consegna"
    r"|n[ãa]o entreg|devolvid|unknown (user|recipient|address)|user unknown|mail system error|bounce|could not send"
    r"|no such (user|mailbox)|配信|エラー|不達|退信|недостав",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"\bdelay(ed)?\b|will (be retried|(keep|continue) (on )?(re)?try|try again|retry|continue attempting)"
    r"|still (being|try)|(do|does) not need to (re-?)?send|no action is (required|necessary)"
    r"|warning message only|not yet been delivered"
    r"|(re)?tr(y|ied) for (up to|another|the next)|temporary (problem|failure) delivering|will keep trying"
    r"|retries will continue|delivery attempts will continue|will be tried again|verz[öo]ger",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"(?im)^[ \t>*-]*(-+ ?)?(below this line is a copy|this is a copy of (the|your) (message|headers)|original message"
    r"|(the )?(headers of the )?(original|returned|unsent|undelivered|failed|rejected|your) (message|mail|headers?)"
    r"( (follows|header|headers|text|is|was|returned|contents)\b.*)?|message headers? (follows?|were)|begin original"
    r"|received: (from|by)|return-path:|message text follows|here is a copy|included is a copy|start of returned"
    r"|ursprüngliche nachricht|message d'origine|mensaje original).*$"
)
_FOUND = re.compile(r"(?<![\w.+-])[\w.!#$%&'*+/=?^`{|}~-]{1,128}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.UNICODE)
_FAILING = re.compile(
    r"(could|can|was|were|is|has|have|did|would|will)\s?(not|n.t)\s(be\s|been\s)?(deliver|sent|send|reach|accept|complet"
    r"|found|process)|undeliver|unable to (deliver|reach|send|complete)|permanent (error|failure|fatal)"
    r"|fail(ed|ure|ing)|reject|bounced|\b5\d\d[ -]|unknown|returned to (the )?sender|not delivered",
    re.IGNORECASE,
)
_ECHOED = re.compile(r"(?im)^[ \t>]*(subject|to|cc|sent|date|from)[ \t]*:.*$")
MOST = 50
_ENOUGH = 20_000
"""Letters of what is said of all recipients; so many lines are held against so many addresses."""


def bounced(message: Message) -> list[Judged]:
    """What a bounce without a report says of each recipient; nothing where it does not look like a bounce."""
    subject, whole = parts.header(message, "Subject"), parts.words(message)
    told, named = _above(whole), _named(message)
    if not (named or _is_likely(message, subject)):
        return []
    helped = named or _helped(message)
    fails = _FAILING.search(told) or _FAILING.search(subject) or _SUBJECT.search(subject)
    later = _is_later(subject, told)
    if not (helped or fails or later):
        return []
    recipients = helped or _read(message, told) or _returned_to(message, whole) or [""]
    if later:
        return [Judged(each, Class.NONE) for each in recipients]
    told = _ECHOED.sub("", told)[:_ENOUGH]
    return [_judged(each, recipients, told, subject) for each in recipients]


def _is_likely(message: Message, subject: str) -> bool:
    """Whether a mail system wrote it, or its subject speaks like one."""
    wrote = " ".join(parts.header(message, name) for name in ("From", "Sender", "Return-Path"))
    daemon = _DAEMON.search(wrote) or parts.header(message, "Return-Path").strip() == "<>"
    return bool(daemon or _SUBJECT.search(subject)) or parts.report_type(message) == "delivery-status"


def _is_later(subject: str, told: str) -> bool:
    final = re.search(r"(?i)permanent|giving up|given up|gave up|could not be delivered|returned to sender|fatal", told)
    return bool(re.search(r"(?i)delay|warning|still trying|verz[öo]ger", subject)) or (
        bool(_LATER.search(told)) and not final
    )


def _judged(recipient: str, recipients: list[str], told: str, subject: str) -> Judged:
    about = _about(told, recipient, recipients)
    kind = verdict(about, status_of(about)) or verdict(told, status_of(told)) or verdict(subject) or Class.SOFT
    return Judged(recipient, kind, status_of(about), " ".join(about.split())[:300])


def _about(told: str, recipient: str, recipients: list[str]) -> str:
    """The lines about one of several recipients: from where it is first named to where another is."""
    others = [each.lower() for each in recipients if each.lower() != recipient.lower()]
    if not others:
        return told
    lines, lower = told.splitlines(), told.lower().splitlines()
    start = next((at for at, line in enumerate(lower) if recipient.lower() in line), 0)
    rest = range(start + 1, len(lower))
    end = next((at for at in rest if any(other in lower[at] for other in others)), len(lines))
    return "\n".join(lines[start:end])


def _above(whole: str) -> str:
    """What stands above the letter that came back."""
    back = _BACK.search(whole)
    return whole[: back.start()] if back and whole[: back.start()].strip() else whole


def _named(message: Message) -> list[str]:
    """X-Failed-Recipients, which Exim and Gmail write."""
    found = ",".join(str(value) for value in message.get_all("X-Failed-Recipients", []))
    return list(dict.fromkeys(address for each in found.split(",") if (address := address_in(each))))[:MOST]


def _helped(message: Message) -> list[str]:
    """Recipients that flufl.bounce finds; its judgement is not asked: it takes full mailboxes for dead ones."""
    from flufl.bounce import all_failures

    # It logs each trip with a traceback, which nobody at a mailbox can act on.
    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)
    try:
        temporary, permanent = all_failures(message)
    except Exception:
        # Its detectors trip over odd bounces; ours go on.
        return []
    found = {each.decode("utf-8", "replace") for each in (*temporary, *permanent)}
    return sorted(address for each in found if (address := address_in(each)))[:MOST]


def _read(message: Message, told: str) -> list[str]:
    """Addresses in the words, without those of whoever wrote them, and ours."""
    own = " ".join(parts.header(message, name) for name in ("From", "To", "Sender", "Reply-To", "Return-Path", "Cc"))
    skipped = {match[0].lower() for match in _FOUND.finditer(own)}
    came_back = parts.returned(message)
    skipped |= {
        match[0].lower()
        for name in ("from", "reply-to", "return-path", "sender")
        for match in _FOUND.finditer(came_back.get(name, ""))
    }
    found: dict[str, str] = {}
    for match in _FOUND.finditer(told):
        address = address_in(match[0])
        if address and address.lower() not in skipped and not _DAEMON.search(address):
            found.setdefault(address.lower(), address)
    listed = list(found.values())
    to = address_in(came_back.get("to", "")).lower()
    return [found[to]] if to in found else listed[:1]


def _returned_to(message: Message, whole: str) -> list[str]:
    """Whom the letter that came back was for."""
    to = address_in(parts.returned(message).get("to", ""))
    if not to:
        back = _BACK.search(whole)
        lines = whole[back.start() :] if back else ""
        found = re.search(r"(?im)^[> \t]*to:[ \t]*(.+)$", lines)
        to = address_in(found[1]) if found else ""
    return [to] if to else []
