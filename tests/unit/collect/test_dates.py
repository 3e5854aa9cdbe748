"""Dates as written: an instant, the day to print, and never a guess."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.dates import read_date
from digest.model.announcements import Precision

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("raw", "at", "on", "precision"),
    [
        ("2022-08-29T23:15:00Z", "2022-08-29T23:15", "2022-08-30", "second"),
        ("Mon, 29 Aug 2022 23:15:00 +0000", "2022-08-29T23:15", "2022-08-30", "second"),
        ("2022-08-30T00:15:00", "2022-08-29T23:15", "2022-08-30", "second"),
        ("2022-08-30T00:30:00+02:00", "2022-08-29T22:30", "2022-08-30", "second"),
        ("Tue, 30 Aug 2022 00:15:00", "2022-08-29T23:15", "2022-08-30", "second"),
        ("Tue, 30 Aug 2022 00:15:00 BST", "2022-08-29T23:15", "2022-08-30", "second"),
        ("Tue, 30 Aug 2022 00:15:00 CEST", "2022-08-29T22:15", "2022-08-30", "second"),
        ("Mon, 29 Aug 2022 16:15:00 PDT", "2022-08-29T23:15", "2022-08-29", "second"),
        ("Tue, 30 Aug 2022 04:45:00 +05:30", "2022-08-29T23:15", "2022-08-30", "second"),
        ("Tue, 30 Aug 2022 01:15 +2", "2022-08-29T23:15", "2022-08-30", "second"),
        ("Tue, 30 Aug 2022 01:15:00 GMT+0200 (CEST)", "2022-08-29T23:15", "2022-08-30", "second"),
        ("Mon, 29 Aug 2022 23:15:00.000 -0000", "2022-08-29T23:15", "2022-08-30", "second"),
        ("2022-08-29 23:15:00 UTC", "2022-08-29T23:15", "2022-08-30", "second"),
        ("2022-08-30", "2022-08-30T11:00", "2022-08-30", "day"),
        ("October 25, 2022", "2022-10-25T11:00", "2022-10-25", "day"),
        ("25 Oct 2022", "2022-10-25T11:00", "2022-10-25", "day"),
        ("Tuesday, 25th of October 2022", "2022-10-25T11:00", "2022-10-25", "day"),
        ("25/10/2022", "2022-10-25T11:00", "2022-10-25", "day"),
        ("10/25/2022", "2022-10-25T11:00", "2022-10-25", "day"),
    ],
)
def test_known_forms(raw: str, at: str, on: str, precision: str) -> None:
    """Each known form gives its instant and the day in the source's zone."""
    when = read_date(raw, zone=LONDON)
    assert (when.at, when.on, when.precision) == (
        datetime.fromisoformat(at).replace(tzinfo=UTC),
        date.fromisoformat(on),
        Precision(precision),
    )


def test_an_ambiguous_day_is_not_guessed() -> None:
    """03/04/2024 is a day only when the source says its order."""
    assert read_date("03/04/2024", zone=LONDON).ambiguous
    assert read_date("03/04/2024", zone=LONDON).at is None
    assert read_date("03/04/2024", zone=LONDON, order="DMY").on == date(2024, 4, 3)
    assert read_date("03/04/2024", zone=LONDON, order="MDY").on == date(2024, 3, 4)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "soon",
        "yesterday",
        "31/02/2024",
        "2024-03-04T05:06:07+24:00",
        "2024-13-01",
        "0000-00-00",
        "1970-01-01",
        "9999-12-31T23:59:59Z",
        "May 2024",
    ],
)
def test_unreadable(raw: str) -> None:
    """What is no date, or no plausible one, is none."""
    assert read_date(raw, zone=LONDON, language="en", words=True).precision is Precision.NONE


def test_twelve_hours_are_not_taken_for_twenty_four() -> None:
    """A time in the afternoon that mail dates do not know is none, rather than one in the night."""
    assert read_date("Tue, 30 Aug 2022 01:15:00 PM", zone=LONDON).at is None


@pytest.mark.parametrize(
    ("said", "language", "day"),
    [
        ("Posted on June 1st, 2026 by Ann", "en", date(2026, 6, 1)),
        ("1 June 2026 | News", "en", date(2026, 6, 1)),
        ("Published: 2026-06-01", "en", date(2026, 6, 1)),
        ("Publi\u00e9 le 1er juin 2026", "fr", date(2026, 6, 1)),
        ("Publicado el 1 de junio de 2026", "es", date(2026, 6, 1)),
        ("Ver\u00f6ffentlicht am 31.05.2026, 10:30 Uhr", "de", date(2026, 5, 31)),
        ("2026\u5e746\u67081\u65e5", "ja", date(2026, 6, 1)),
        ("1 June 2026 to 3 June 2026", "en", None),
        ("01.06.2026, 10:30 Uhr", "de", None),
    ],
)
def test_a_date_among_words(said: str, language: str, day: date | None) -> None:
    """A listing page says who posted it, too; of two dates, or of two ways to read one, none is taken."""
    assert read_date(said, zone=LONDON, language=language, words=True).on == day


def test_other_languages_on_pages() -> None:
    """Listing pages may write months in another language."""
    assert read_date("28 de marzo de 2022", zone=LONDON, language="es", words=True).on == date(2022, 3, 28)
    assert read_date("28 de marzo de 2022", zone=LONDON).on is None


@given(
    st.text(max_size=60)
    | st.from_regex(r"[0-9]{1,5}[-/. ][0-9]{1,3}[-/. ][0-9]{1,5}[T ]?[0-9:+Z]{0,12}", fullmatch=True)
)
def test_never_raises(raw: str) -> None:
    """Whatever is written, the answer is a value in UTC."""
    when = read_date(raw, zone=LONDON)
    assert when.at is None or (when.at.tzinfo is UTC and when.on is not None)
