"""Text, URLs and dates in the form that feeds can hold: stricter than what collecting lets through.

One bad character would break a whole document for every reader, so nothing goes by unlooked at.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, urlsplit, urlunsplit

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAKS = re.compile("[ \t\n\x85\u2028\u2029]+")
_EARLIEST = datetime(1000, 1, 1, tzinfo=UTC)
_URL_SAFE = "%/:=&?~#+!$,;'@()*"


def text(value: str) -> str:
    """Without what XML 1.0 cannot hold (section 2.2); line ends as LF."""
    # Most texts hold nothing odd, and are told so five times as fast as by the expression.
    if value.replace("\n", " ").replace("\t", " ").isprintable():
        return value
    return _ILLEGAL.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))


def line(value: str) -> str:
    """The same on one line; a no-break space stays one."""
    return _BREAKS.sub(" ", text(value)).strip()


@lru_cache(maxsize=4_096)
def href(url: str) -> str:
    """An absolute http(s) URL in ASCII (RFC 3986); empty when it is none."""
    try:
        parts = urlsplit(text(url).strip())
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or quote(host, safe=":.-_") != host:
        return ""
    at = f"[{host}]" if ":" in host else host
    rest = [quote(_whole_percents(part), safe=_URL_SAFE) for part in (parts.path, parts.query, parts.fragment)]
    return urlunsplit((parts.scheme, at + port, *rest))


def _whole_percents(part: str) -> str:
    return re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", part)


def grown(moment: datetime, previous: datetime | None) -> datetime:
    """`moment` in whole seconds, but always later than the previous one: no two changes share a second."""
    whole = instant(moment)
    return whole if previous is None else max(whole, instant(previous) + timedelta(seconds=1))


def instant(moment: datetime) -> datetime:
    """In UTC and whole seconds; before the year 1000 it is no date that RFC 822 can print."""
    return max(moment, _EARLIEST).astimezone(UTC).replace(microsecond=0)
