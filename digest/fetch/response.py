"""What came back, as a value, and how long a host asks us to stay away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST = 24 * 3600.0
_SHORTEST = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A whole, decoded answer; `headers` have lower-case names, `url` is where it came from in the end."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    moved_for_good: bool = False
    """Every redirect on the way was a 301 or a 308."""

    @property
    def not_modified(self) -> bool:
        return self.status == 304

    @property
    def etag(self) -> str:
        """To be sent back byte for byte."""
        return self.headers.get("etag", "")

    @property
    def last_modified(self) -> str:
        return self.headers.get("last-modified", "")

    @property
    def content_type(self) -> str:
        """With its parameters, as given."""
        return self.headers.get("content-type", "")

    @property
    def media_type(self) -> str:
        """Lower case, without parameters."""
        return self.content_type.partition(";")[0].strip().lower()


def retry_after(value: str, *, now: datetime) -> float | None:
    """The seconds that a Retry-After asks for, between a minute and a day; None when unreadable."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    return min(max(seconds, _SHORTEST), _LONGEST)
