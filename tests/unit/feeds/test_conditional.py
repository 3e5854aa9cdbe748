"""When 304 is the answer, and in which encoding (RFC 9110)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.web.conditional import http_date, imf_fixdate, not_modified, prefers_gzip

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)
AT_NOON = "Fri, 06 Mar 2026 12:00:00 GMT"
LATER = "Fri, 06 Mar 2026 12:00:01 GMT"
EARLIER = "Fri, 06 Mar 2026 11:59:59 GMT"


def unchanged(match: list[str] | None = None, since: list[str] | None = None) -> bool:
    return not_modified('"abc"', NOON, if_none_match=match or [], if_modified_since=since or [])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('"abc"', True),
        ('W/"abc"', True),
        ("*", True),
        ('"x", "abc"', True),
        ('"x","y",W/"abc" , "z"', True),
        (', ,"abc",', True),
        (", ".join(f'"{n}"' for n in range(800)) + ', "abc"', True),
        ('"abcd"', False),
        ('"ab"', False),
        ("abc", False),
        ('"ABC"', False),
        ('"abc', False),
        ('w/"abc"', False),
        ('"x" "abc"', False),
        ('*, "abc"x', False),
        ("", False),
        ("\xff\x00;;;", False),
    ],
)
def test_if_none_match(header: str, expected: bool) -> None:
    """Weak comparison with the whole of each tag listed; nonsense matches nothing."""
    assert unchanged([header]) is expected


def test_several_lines_are_one_list() -> None:
    """A header may be split over lines."""
    assert unchanged(['"x"', '"abc"'])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (AT_NOON, True),
        (LATER, True),
        ("Fri, 31 Dec 9999 23:59:59 GMT", True),
        ("Friday, 06-Mar-26 12:00:00 GMT", True),
        ("Fri Mar  6 12:00:00 2026", True),
        (EARLIER, False),
        ("Thu, 01 Jan 1970 00:00:00 GMT", False),
        ("yesterday", False),
        ("", False),
        ("2026-03-06T12:00:00Z", False),
        ("Fri, 99 Foo 2026 99:00:00 GMT", False),
    ],
)
def test_if_modified_since(header: str, expected: bool) -> None:
    """All three forms of a date; what is none is ignored, and so are two."""
    assert unchanged(since=[header]) is expected
    assert not unchanged(since=[header, header])


def test_if_none_match_decides_alone() -> None:
    """A matching tag beats an old date, a wrong tag beats a new one."""
    assert unchanged(['"abc"'], ["Thu, 01 Jan 1970 00:00:00 GMT"])
    assert not unchanged(['"x"'], [LATER])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("br, gzip;q=0.5", True),
        ("*", True),
        ("gzip;q=1.0, identity;q=0.5", True),
        ("br;q=1, *;q=0.1", True),
        ("", False),
        ("identity", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("identity, gzip;q=0.5", False),
        ("gzip;q=nonsense", False),
        ("gzipped", False),
    ],
)
def test_accept_encoding(header: str, expected: bool) -> None:
    """gzip only where it is acceptable and liked at least as well as the plain bytes."""
    assert prefers_gzip([header] if header else []) is expected


@given(st.lists(st.text(alphabet=st.characters(max_codepoint=255)), max_size=3))
def test_no_header_raises(lines: list[str]) -> None:
    """Whatever a stranger sends is read or ignored."""
    not_modified('"abc"', NOON, if_none_match=lines, if_modified_since=lines[:1])
    prefers_gzip(lines)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_dates_there_and_back(moment: datetime) -> None:
    """What we send as Last-Modified is what comes back."""
    assert http_date(imf_fixdate(moment)) == moment.replace(microsecond=0)
