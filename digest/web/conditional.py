"""What a GET asks about a document it may already hold (RFC 9110, sections 12.5.3 and 13); pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

_TAG = re.compile(r'(?:W/)?("[^"]*")\s*')
_QVALUE = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


def not_modified(
    etag: str, changed_at: datetime | None, *, if_none_match: Iterable[str], if_modified_since: Iterable[str]
) -> bool:
    """Whether 304 is the answer. If-None-Match decides alone wherever it is given, for and against.

    The arguments are header values as received, one for each line of the header.
    """
    tags = list(if_none_match)
    if tags:
        return _names(", ".join(tags), etag)
    dates = list(if_modified_since)
    since = http_date(dates[0]) if len(dates) == 1 else None
    return since is not None and changed_at is not None and changed_at <= since


def given(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    """Every line of a header, by its lower-case name, of those that a server handed over."""
    return [value.decode("latin-1") for key, value in headers if key.lower() == name]


def prefers_gzip(accept_encoding: Iterable[str]) -> bool:
    """Whether gzip may be sent and is wanted at least as much as the plain bytes."""
    weights: dict[str, float] = {}
    for part in ",".join(accept_encoding).split(","):
        coding, _, parameters = part.partition(";")
        weights[coding.strip().lower().replace("x-gzip", "gzip")] = _weight(parameters)
    gzip = weights.get("gzip", weights.get("*", 0.0))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def http_date(value: str) -> datetime | None:
    """An HTTP date in any of its three forms; None when it is none, to be ignored (RFC 9110, 13.1.3)."""
    if not value[:3].isalpha():
        return None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def imf_fixdate(moment: datetime) -> str:
    """As Last-Modified is written, in GMT and whole seconds."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _names(header: str, etag: str) -> bool:
    """Weak comparison with each listed tag; a list is read up to where it stops making sense."""
    if header == etag or header.strip() == "*":
        return True
    position = 0
    while position < len(header):
        if header[position] in ", \t":
            position += 1
            continue
        found = _TAG.match(header, position)
        if found is None or header[found.end() : found.end() + 1] not in ("", ","):
            return False
        if found.group(1) == etag:
            return True
        position = found.end()
    return False


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if not name.strip():
        return 1.0
    known = name.strip().lower() == "q" and _QVALUE.fullmatch(value.strip())
    return float(value) if known else 0.0
