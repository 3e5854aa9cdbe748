"""A deadline as a calendar file (RFC 5545): a whole day, with a reminder some days before (pure)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from digest.letter.headers import clean

REMIND = 3
"""Days before."""
_LINE = 73
_MARKS = re.compile(r"([\\\\;,])")


def deadline(*, uid: str, day: date, title: str, link: str, stamp: datetime) -> bytes:
    """One event on `day`, which takes no time of anybody's; `stamp` is when the announcement last changed."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Digest//Digest//EN",
        "BEGIN:VEVENT",
        f"UID:{_text(uid)}",
        f"DTSTAMP:{stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_text(title)}",
        f"URL:{clean(link)}",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_text(title)}",
        f"TRIGGER:-P{REMIND}D",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def _text(value: str) -> str:
    return _MARKS.sub(r"\\\1", clean(value))


def _folded(line: str) -> str:
    """Lines of at most 75 octets, no letter torn apart (RFC 5545, 3.1)."""
    rows, used = [""], 0
    for letter in line:
        need = len(letter.encode("utf-8", "replace"))
        if used + need > _LINE:
            rows.append("")
            used = 0
        rows[-1] += letter
        used += need
    return "\r\n ".join(rows)
