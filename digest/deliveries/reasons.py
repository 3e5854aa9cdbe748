"""What a refusal is about: told by known texts first, then by the enhanced status code, then by the reply code.

Texts come first because servers are careless with codes: a full mailbox as 5.7.1, a block list as 5.1.1. Addresses
and links are taken out before: `<spam@example.org>: user unknown` is not about spam.
"""

from __future__ import annotations

import re

from digest.model.deliveries import Reason

R = Reason
_ENOUGH = 400
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_NOT_PROSE = re.compile(r"https?://\S+|<[^>]*>|\S+@\S+")

# The first that fits is taken, so what would be worse to overlook stands higher.
_TEXTS: tuple[tuple[Reason, str], ...] = (
    (R.GREYLISTED, r"gr[ea]y-?\s?list|postgrey"),
    (R.THROTTLED, r"too many|too fast|slow down|throttl|excessive|rate[- ]?limit|unusual rate"),
    (R.THROTTLED, r"at a rate that|sending (limit|rate|quota)|\[TSS?\d+\]|unexpected volume|RP-00[1-3]"),
    (R.THROTTLED, r"(connection|hourly|daily|message) limit|(messages|connections) per (second|minute|hour|day)"),
    (R.RESTRICTED, r"RESOLVER\.RST|members only|only accepts? (e?mails?|messages) from|allowed[- ]senders"),
    (R.RESTRICTED, r"restricted (group|list|address|to)"),
    (R.RESTRICTED, r"(recipient|user|addressee) (has )?(blocked|refuses|does not accept|rejected your)"),
    (R.UNAUTHENTICATED, r"\bdmarc\b|\bspf\b|\bdkim\b|unauthenticated|sender policy framework|not aligned"),
    (R.UNAUTHENTICATED, r"reverse dns|\bptr\b"),
    (R.LOGIN, r"authentication (is )?required|log ?in first|must (issue a )?starttls|auth(entication)? failed"),
    (R.REFUSED, r"relay(ing)?( access)? (is )?(denied|not (allowed|permitted))|(unable|not permitted) to relay"),
    (R.REFUSED, r"sender( address)? (rejected|verif\w+|denied|refused|not)|not owned by|envelope sender"),
    (R.FULL, r"over ?quota|quota (is )?(full|exceeded)|out of storage|not enough space"),
    (R.FULL, r"exceed\w* (the |its |their |disk |mailbox |storage )*(quota|storage|mailbox)"),
    (R.FULL, r"(mailbox|inbox|folder|disk|account)( \S+){0,3} (is )?(full|over|exceed\w*)"),
    (R.SIZE, r"message( is)?( size)? (too|exceeds)|too (big|large)|size limit"),
    (R.SIZE, r"exceeds (the )?(fixed |maximum )?(message )?size"),
    (R.BLOCKED, r"(black|block|deny)-?\s?list|dnsbl|\brbl\b|spamhaus|barracuda|spamcop|\[BL\d+\]|reputation"),
    (R.BLOCKED, r"\bblocked\b|banned|\blisted (at|by|in|on)\b|(host|ip|network) (is |was )?(refused|denied)"),
    (R.SPAM, r"spam|unsolicited|junk|\bbulk\b|virus|malware|phish"),
    (R.SPAM, r"content (was )?(rejected|refused|filter|policy)"),
    (R.CLOSED, r"(mailbox|account|user|recipient|address)\b.*\b(disabled|inactive|suspended|expired|frozen|closed)"),
    (R.CLOSED, r"(disabled|inactive|suspended|expired) (mailbox|account|user|recipient)|deactivated|no longer"),
    (R.NOBODY, r"(user|recipient|mailbox|account|address)\b.{0,30}\b(unknown|not (be )?found|invalid|not exist)"),
    (R.NOBODY, r"(unknown|no such|invalid|bad|non-?existent) (local )?(user|recipient|mailbox|account|address)"),
    (R.NOBODY, r"do(es)?(n.?t| not) (exist|have an?)|no (mailbox|account|user)\b|not a (valid|known)|misspelled"),
    (R.NOBODY, r"no such (person|alias)|not our customer|(host|domain) (name )?(not found|unknown|does not)"),
    (R.NOBODY, r"unrouteable|RecipientNotFound"),
    (R.BUSY, r"too busy|try (again )?later|temporar|system (load|resources)|local (error|problem)"),
    (R.BUSY, r"insufficient system"),
)

# Subject and detail of the status (RFC 3463), whatever its class; "*" is any detail.
_CODES: dict[str, Reason] = (
    dict.fromkeys(("1.1", "1.2", "1.3", "1.6", "1.10", "4.4"), R.NOBODY)
    | dict.fromkeys(("1.7", "1.8"), R.REFUSED)
    | dict.fromkeys(("2.2", "2.3"), R.FULL)
    | dict.fromkeys(("1.*", "2.*", "4.1", "7.17"), R.CLOSED)
    | {
        "3.4": R.SIZE,
        "3.*": R.BUSY,
        "4.*": R.BUSY,
        "5.3": R.THROTTLED,
        "5.1": R.BUSY,
        "5.2": R.BUSY,
        "6.*": R.MALFORMED,
    }
    | dict.fromkeys((f"7.{detail}" for detail in (9, *range(20, 33), 509, 515)), R.UNAUTHENTICATED)
    | dict.fromkeys(("7.3", "7.8", "7.11", "7.14"), R.LOGIN)
    | dict.fromkeys(("7.2", *(f"7.{detail}" for detail in range(100, 200))), R.RESTRICTED)
    | {"7.*": R.BLOCKED}
)
# Servers give the replies to AUTH to MAIL and RCPT, too: log in first, the password is wrong.
_REPLIES: dict[int, Reason] = {
    **dict.fromkeys((530, 534, 535, 538), R.LOGIN),
    **dict.fromkeys((421, 451, 452, 500, 502, 503, 504), R.BUSY),
    552: R.FULL,
}

_KNOWN = tuple((reason, re.compile(text, re.IGNORECASE)) for reason, text in _TEXTS)


def reason_of(code: int, text: str) -> Reason:
    """What a reply that is no success is about; `code` 0 where the connection was lost instead."""
    if code == 0:
        return R.LOST
    prose = _NOT_PROSE.sub(" ", text[:_ENOUGH])
    known = next((reason for reason, pattern in _KNOWN if pattern.search(prose)), None)
    status = status_of(text)
    if known is None or known is R.BUSY:
        return _by_status(status) or known or _REPLIES.get(code, R.UNKNOWN)
    # A rule answered, whatever its words: nobody is suppressed for that.
    return R.CLOSED if known is R.NOBODY and status[1:4] == ".7." else known


def status_of(text: str) -> str:
    """The enhanced status code of a reply (RFC 3463), "" where it has none."""
    found = _STATUS.search(text[:40])
    return found[1] if found else ""


def _by_status(status: str) -> Reason | None:
    kind, _, rest = status.partition(".")
    subject = rest.partition(".")[0]
    reason = _CODES.get(rest) or _CODES.get(f"{subject}.*")
    if kind == "4" and reason is R.BLOCKED:
        # The first warning of the great providers: 4.7.x before 5.7.x.
        return R.THROTTLED
    return reason
