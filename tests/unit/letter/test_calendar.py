"""A deadline in a calendar: one whole day, whatever its title holds."""

from datetime import UTC, date, datetime

import pytest

from digest.letter.calendar import deadline

STAMP = datetime(2026, 6, 26, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "title", ["Comments, please; by post\\mail", "A\r\nATTENDEE:mailto:x@example.org", "铜业协会" * 40, "x" * 400]
)
def test_a_title_stays_in_its_line(title: str) -> None:
    """Escaped, folded at 75 octets with no letter torn, and nothing of it becomes a property."""
    raw = deadline(uid="tag:x,2026:1", day=date(2026, 7, 1), title=title, link="https://example.org/a", stamp=STAMP)
    lines = raw.split(b"\r\n")
    unfolded = raw.decode().replace("\r\n ", "").split("\r\n")
    expected = " ".join(title.split()).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")

    assert f"SUMMARY:{expected}" in unfolded
    assert [] == [line for line in lines if len(line) > 75 or line.startswith(b"ATTENDEE")]
    assert {"DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260702", "TRIGGER:-P3D"} <= set(unfolded)
    assert ("BEGIN:VCALENDAR", "END:VCALENDAR", "") == (unfolded[0], unfolded[-2], unfolded[-1])
