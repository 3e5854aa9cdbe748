"""Dates as strangers write them -> an instant, the day to print, and how exactly we know.

Never a guess: 03/04/2024 is a day only if the source says in which order it writes, or one of the two is above 12.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_tz
from zoneinfo import ZoneInfo

from digest.model.announcements import Precision

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[Tt ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s*([Zz]|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{4})?)?")
_NUMERIC = re.compile(r"(\d{1,2})[./\-](\d{1,2})[./\-](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})")
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_DAY_FIRST = re.compile(r"(?:[a-z]+,?\s+)?(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?([a-z]+)\.?,?\s+(\d{4})")
_MONTH_FIRST = re.compile(r"(?:[a-z]+,?\s+)?([a-z]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_RFC822 = re.compile(
    r"((?:[a-z]{3,9},?\s+)?\d{1,2}\s+[a-z]{3,9}\.?\s+\d{2,4}\s+\d{1,2}:\d{2}(?::\d{2})?+)(?:[.,]\d+)?+\s*+(?![ap]m\b)(.*)",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:GMT|UTC?|Z)?\s*([+-])(\d{1,2}):?(\d{2})?\b", re.IGNORECASE)
# Hours from UTC. What is not here is read in the source's own zone: its letters most likely name that.
_ZONES = {
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3,
}  # fmt: skip

# A date among other words, as "Posted on 1 June 2026 by Ann".
_SOMEWHERE = re.compile(
    r"\b\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}[./\-]\d{1,2}[./\-]\d{4}\b"
    r"|\b\d{1,2}(?:\.|[a-z\u00ba]{1,2})?\s+(?:(?:of|de)\s+)?[^\W\d_]{3,}\.?,?\s+(?:de\s+)?\d{4}\b"
    r"|\b[^\W\d_]{3,}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A date as understood; `zone_unsaid` when the source's zone was put in for a missing one."""

    at: datetime | None = None
    on: date | None = None
    precision: Precision = Precision.NONE
    zone_unsaid: bool = False
    ambiguous: bool = False


def read_date(
    raw: str, *, zone: ZoneInfo, order: str = "", language: str = "", keep_offset: bool = True, words: bool = False
) -> When:
    """What a written date means in the source's zone; `order` is DMY, MDY or empty.

    `words` also reads months in other languages.
    With `keep_offset` the day is the one that was written, where an offset from UTC was written with it.
    """
    text = " ".join(raw.split())[:100]
    if not text:
        return When()
    found = _known(text, zone, order, keep_offset)
    if found is None and words:
        pieces = list(dict.fromkeys(_SOMEWHERE.findall(text))) or [text]
        # Of two dates none is more likely than the other.
        piece = pieces[0] if len(pieces) == 1 else ""
        found = _known(piece, zone, order, keep_offset) or _in_words(piece, order, language)
    return _bounded(found, zone) if found is not None else When()


def _known(text: str, zone: ZoneInfo, order: str, keep_offset: bool) -> When | None:
    try:
        return _iso(text, zone, keep_offset) or _mail(text, zone, keep_offset) or _day(text, order)
    except (ValueError, OverflowError):
        return None


def _bounded(found: When, zone: ZoneInfo) -> When:
    try:
        at = datetime.combine(found.on, time(12), zone).astimezone(UTC) if found.at is None and found.on else found.at
    except (ValueError, OverflowError):
        return When()
    if found.ambiguous:
        return found
    if at is None or at < EARLIEST or at.year > 2200:
        return When()
    return When(at=at, on=found.on, precision=found.precision, zone_unsaid=found.zone_unsaid)


def _iso(text: str, zone: ZoneInfo, keep_offset: bool) -> When | None:
    match = _ISO.fullmatch(text) or _COMPACT.fullmatch(text)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    if match[4] is None:
        return _of_day(date(year, month, day))
    hour, over = (0, 1) if match[4] == "24" else (int(match[4]), 0)
    naive = datetime(year, month, day, hour, int(match[5]), min(int(match[6] or 0), 59))  # noqa: DTZ001 - zoned below
    return _moment(naive + timedelta(days=over), _offset(match[7]), zone, keep_offset)


def _offset(text: str | None) -> timedelta | None:
    if not text:
        return None
    if found := _OFFSET.match(text):
        size = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        return -size if found[1] == "-" else size
    hours = _ZONES.get(re.split(r"\W", text)[0].upper())
    return None if hours is None else timedelta(hours=hours)


def _mail(text: str, zone: ZoneInfo, keep_offset: bool) -> When | None:
    # The zone is read by ourselves: to the library any that it does not know is UTC, and +05:30 is, too.
    match = _RFC822.fullmatch(text)
    parsed = parsedate_tz(match[1]) if match else None
    if match is None or parsed is None:
        return None
    naive = datetime(*parsed[:5], min(parsed[5], 59))  # noqa: DTZ001 - zoned below
    return _moment(naive, _offset(match[2]), zone, keep_offset)


def _moment(naive: datetime, offset: timedelta | None, zone: ZoneInfo, keep_offset: bool) -> When:
    if offset is None:
        at = naive.replace(tzinfo=zone).astimezone(UTC)
        return When(at=at, on=naive.date(), precision=Precision.SECOND, zone_unsaid=True)
    if abs(offset) >= timedelta(hours=24):
        raise ValueError("an offset of a day or more")
    at = (naive - offset).replace(tzinfo=UTC)
    on = naive.date() if keep_offset and offset else at.astimezone(zone).date()
    return When(at=at, on=on, precision=Precision.SECOND)


def _day(text: str, order: str) -> When | None:
    if match := _YEAR_FIRST.fullmatch(text):
        return _of_day(date(int(match[1]), int(match[2]), int(match[3])))
    if match := _NUMERIC.fullmatch(text):
        return _numeric(int(match[1]), int(match[2]), int(match[3]), order)
    lower = text.lower()
    if (match := _DAY_FIRST.fullmatch(lower)) and match[2] in _MONTHS:
        return _of_day(date(int(match[3]), _MONTHS[match[2]], int(match[1])))
    if (match := _MONTH_FIRST.fullmatch(lower)) and match[1] in _MONTHS:
        return _of_day(date(int(match[3]), _MONTHS[match[1]], int(match[2])))
    return None


def _numeric(first: int, second: int, year: int, order: str) -> When:
    if order.upper() == "MDY" or (not order and second > 12):
        return _of_day(date(year, first, second))
    if order.upper() == "DMY" or first > 12 or first == second:
        return _of_day(date(year, second, first))
    return When(ambiguous=True)


def _of_day(day: date) -> When:
    return When(on=day, precision=Precision.DAY)


def _in_words(text: str, order: str, language: str) -> When | None:
    if not re.search(r"[^\W\d_]", text) or not re.search(r"\d{4}", text):
        return None
    import dateparser  # slow to load, and only listing pages need it

    try:
        found = dateparser.parse(
            text,
            languages=[language.partition("-")[0]] if language else None,
            settings={
                "DATE_ORDER": order.upper() or "DMY",
                "REQUIRE_PARTS": ["day", "month", "year"],
                "PARSERS": ["absolute-time"],
                "RETURN_AS_TIMEZONE_AWARE": False,
            },
        )
    except Exception:  # strangers' words through a large library: anything may come out
        return None
    return _of_day(found.date()) if found is not None else None
