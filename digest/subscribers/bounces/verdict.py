"""One refusal: its words first, then its status code, then its reply code.

Words come first because servers are careless with codes: a full mailbox as 5.1.1, an unknown user as 5.7.1. What is
not clearly permanent is temporary: to write once more to somebody who is gone costs little, to write never again to
somebody who is there costs a reader.
"""

from __future__ import annotations

import re

from digest.subscribers.bounces import words
from digest.subscribers.bounces.judged import Class

_ENOUGH = 4_000
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.\-#])([45])\d\d(?=[ \-#:<(])")
_NOT_PROSE = re.compile(r"https?://\S+|<[^<>\s]*@[^<>\s]*>|[\w.+=/-]+@[\w.-]+")

# Subject and detail of the status (RFC 3463 and its registry).
_DETAILS: dict[str, Class] = (
    dict.fromkeys(("1.0", "1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "4.4", "4.310"), Class.HARD)
    | dict.fromkeys(("1.7", "1.8", "1.9"), Class.BLOCK)
    | {"7.17": Class.SOFT, "3.4": Class.SOFT}
)
_SUBJECTS = {"1": Class.SOFT, "2": Class.SOFT, "3": Class.SOFT, "4": Class.SOFT, "6": Class.BLOCK, "7": Class.BLOCK}


def verdict(text: str, status: str = "") -> Class | None:
    """The class of one failure; None when neither its words nor its codes tell."""
    prose = " ".join(_NOT_PROSE.sub(" ", text[:_ENOUGH]).split())
    told = next((kind for kind, pattern in words.WAYS if pattern.search(prose)), None)
    best = _status(text, status)
    passing = best.startswith("4.") or (not best and reply_of(text) == "4")
    if told is Class.HARD and passing:
        # It may be a server that lost its directory for an hour; three times over a quarter tells.
        return Class.SOFT
    return told or by_status(best)


def by_status(status: str) -> Class | None:
    """What the enhanced status code alone says; None for one that says nothing."""
    kind, _, rest = status.partition(".")
    if kind not in ("4", "5") or not rest:
        return None
    said = _DETAILS.get(rest) or _SUBJECTS.get(rest.partition(".")[0])
    return Class.SOFT if said is Class.HARD and kind == "4" else said


def status_of(text: str) -> str:
    """The first enhanced status code in a text, "" where there is none."""
    found = _STATUS.search(text)
    return ".".join(found.groups()) if found else ""


def reply_of(text: str) -> str:
    """The class of the first SMTP reply code in a text: "4", "5", or "" where there is none."""
    found = _REPLY.search(text)
    return found[1] if found else ""


def _status(text: str, status: str) -> str:
    """The more telling one of the report's own status and the server's: many a report says only 5.0.0."""
    inner = status_of(text)
    vague = not status or status.endswith((".0.0", ".5.0", ".3.0"))
    return inner if vague and inner else status
