"""Schedules to slots: clock changes, short months, days off, and an independent oracle."""

# Wall times have no zone: that is what they are.
# ruff: noqa: DTZ001

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.schedule import Slot, following, parse, slots
from tests.fakes import utc

ZONES = [
    ZoneInfo(name)
    for name in (
        *("Europe/London", "America/New_York", "Australia/Lord_Howe"),
        *("Africa/Casablanca", "Asia/Kathmandu", "America/St_Johns"),
        *("Europe/Dublin", "America/Santiago", "Pacific/Auckland"),
        *("Asia/Tehran", "Atlantic/Azores", "Pacific/Chatham"),
    )
]
LONDON, NEW_YORK, LORD_HOWE = ZONES[:3]


def the_slots(text: str, zone: ZoneInfo, after: datetime, until: datetime) -> list[Slot]:
    return list(slots(parse(text), zone, after, until))


def days_of(text: str, after: datetime, until: datetime) -> list[str]:
    return [slot.local.date().isoformat() for slot in the_slots(text, LONDON, after, until)]


@pytest.mark.parametrize(
    ("zone", "clock", "night", "expected"),
    [
        (LONDON, "01:30", date(2026, 3, 29), utc(2026, 3, 29, 1, 0)),
        (LONDON, "01:30", date(2026, 10, 25), utc(2026, 10, 25, 0, 30)),
        (NEW_YORK, "02:30", date(2026, 3, 8), utc(2026, 3, 8, 7, 0)),
        (NEW_YORK, "01:30", date(2026, 11, 1), utc(2026, 11, 1, 5, 30)),
        (LORD_HOWE, "02:15", date(2026, 10, 4), utc(2026, 10, 3, 15, 30)),
        (LORD_HOWE, "01:45", date(2026, 4, 5), utc(2026, 4, 4, 14, 45)),
    ],
)
def test_a_night_of_clock_change_owes_one_slot(zone: ZoneInfo, clock: str, night: date, expected: datetime) -> None:
    """A wall time that comes twice goes the first time; one that does not exist goes at the first minute that does."""
    around = datetime(night.year, night.month, night.day, 12, tzinfo=UTC)
    found = the_slots(f"daily {clock}", zone, around - timedelta(days=3), around + timedelta(days=3))
    there = [slot for slot in found if slot.local.date() == night]
    assert [expected] == [slot.at for slot in there]
    assert f"{night}T{clock}" == there[0].key
    assert "the clocks go" in there[0].notes[0]
    assert all(not slot.notes for slot in found if slot is not there[0])


def test_a_gap_says_when_it_goes_instead() -> None:
    """The note on a spring night names the time that does not exist and the one that stands in for it."""
    (slot,) = the_slots("daily 01:30", LONDON, utc(2026, 3, 28, 12), utc(2026, 3, 29, 12))
    assert ("the clocks go forward and 01:30 does not exist: it goes at 02:00",) == slot.notes


def test_two_wall_times_in_one_gap_owe_one_slot() -> None:
    """01:15 and 01:45 both fall on 02:00 of a spring night, and one mail goes."""
    found = the_slots('cron "15,45 1 29 3 *"', LONDON, utc(2026, 1, 1), utc(2026, 12, 31))
    assert [utc(2026, 3, 29, 1)] == [slot.at for slot in found]


def test_a_cron_line_that_runs_on_follows_the_hours_that_pass() -> None:
    """Every half hour is every half hour, 23 or 25 hours a day, under keys of UTC."""
    long_day = the_slots('cron "*/30 * * * *"', LONDON, utc(2026, 10, 24, 22, 59), utc(2026, 10, 25, 23, 59))
    short_day = the_slots('cron "*/30 * * * *"', LONDON, utc(2026, 3, 28, 23, 59), utc(2026, 3, 29, 22, 59))
    assert (50, 46) == (len(long_day), len(short_day))
    assert {timedelta(minutes=30)} == {two.at - one.at for one, two in pairwise(long_day)}
    assert "2026-10-24T23:00Z" == long_day[0].key


def test_day_31_does_what_it_says() -> None:
    """By default a short month's last day stands in, with a note; on request the month is passed over."""
    found = the_slots("day 31 09:00", LONDON, utc(2026, 1, 1), utc(2026, 4, 30, 12))
    assert ["01-31", "02-28", "03-31", "04-30"] == [f"{slot.local:%m-%d}" for slot in found]
    assert ("February has no day 31: its last day",) == found[1].notes
    skipped = the_slots("day 31 or skip 09:00", LONDON, utc(2026, 1, 1), utc(2026, 4, 30, 12))
    assert ["01-31", "03-31"] == [f"{slot.local:%m-%d}" for slot in skipped]
    assert ("no such day in February 2026",) == skipped[1].notes


def test_day_30_and_31_are_one_in_february() -> None:
    """Two days that fall on the same last day owe one slot."""
    assert ["2026-02-28"] == days_of("day 30,31 09:00", utc(2026, 2, 1), utc(2026, 2, 28, 12))


def test_weeks_are_counted_from_their_date() -> None:
    """Every second week counts from the week of `from`, and nothing comes before it."""
    text = "every 2 weeks on mon,thu 10:00 from 2026-01-08"
    expected = ["2026-01-08", "2026-01-19", "2026-01-22", "2026-02-02"]
    assert expected == days_of(text, utc(2025, 12, 1), utc(2026, 2, 3))
    assert ["2026-12-24"] == days_of(text, utc(2026, 12, 22), utc(2027, 1, 1))


def test_a_holiday_is_stepped_around() -> None:
    """A slot on a day off goes on the working day before or after, or not at all; its key stays."""
    window = utc(2026, 12, 1), utc(2027, 1, 6)
    assert ["2026-12-24"] == days_of("last fri 09:00 holidays GB-ENG", *window)
    assert ["2026-12-29"] == days_of("last fri 09:00 holidays GB-ENG shift after", *window)
    assert [] == days_of("last fri 09:00 holidays GB-ENG shift skip", *window)
    (moved,) = the_slots("last fri 09:00 holidays GB-ENG", LONDON, *window)
    assert "2026-12-25T09:00" == moved.key
    assert ("2026-12-25 is Christmas Day: moved to 2026-12-24",) == moved.notes


@pytest.mark.parametrize(("weekday", "moved_to"), [("fri", "2026-06-15"), ("sat", "2026-06-14")])
def test_a_weekend_counts_for_what_falls_on_one_anyway(weekday: str, moved_to: str) -> None:
    """What is for working days goes on to the next of them; what is for Saturdays may go out on a Sunday."""
    text = f"{weekday} 09:00 quiet 2026-06-12,2026-06-13 shift after"
    assert moved_to in days_of(text, utc(2026, 6, 12), utc(2026, 6, 18))


@pytest.mark.parametrize(("rests", "found"), [(14, ["2026-06-24"]), (15, [])])
def test_a_shift_reaches_a_fortnight(rests: int, found: list[str]) -> None:
    """Whoever rests longer gets none instead of one at any time."""
    quiet = ",".join(f"2026-06-{day}" for day in range(10, 10 + rests))
    text = f"day 10 of jun 09:00 quiet {quiet} shift after"
    assert found == days_of(text, utc(2026, 6, 1), utc(2026, 7, 31))


def test_a_month_passed_over_is_told_a_year_on() -> None:
    """Where the next that has such a day is so far away."""
    [leap] = the_slots("day 29 or skip of feb 09:00", LONDON, utc(2028, 1, 1), utc(2028, 12, 1))
    assert ("no such day in February 2027",) == leap.notes


def test_business_days_leave_holidays_out() -> None:
    """The first business day of January is not New Year's Day where that is a holiday."""
    assert ["2027-01-04"] == days_of("first business day 09:00 holidays GB-ENG", utc(2027, 1, 1), utc(2027, 1, 31))
    assert ["2027-01-01"] == days_of("first business day 09:00", utc(2027, 1, 1), utc(2027, 1, 31))


def test_a_shift_onto_a_neighbour_owes_one() -> None:
    """A daily digest whose holiday moves to the day before goes once that day."""
    found = days_of("daily 09:00 quiet 2026-06-10,2026-06-11", utc(2026, 6, 8), utc(2026, 6, 13))
    assert ["2026-06-08", "2026-06-09", "2026-06-12"] == found


def test_the_end_is_kept() -> None:
    """After `until` there is nothing; `following` then gives fewer than asked."""
    found = following(parse("daily 01:30 until 2026-12-01"), LONDON, utc(2026, 11, 29), 12)
    assert ["2026-11-29", "2026-11-30", "2026-12-01"] == [slot.key[:10] for slot in found]


FORMS = st.sampled_from(
    [
        "daily {}",
        "sun {}",
        "mon,thu {}",
        "1st sun {}",
        "last sun {}",
        "5th sun {}",
        "day 29,31 {}",
        "day 31 or skip {}",
        "last business day {}",
        "quarterly on last sun {}",
        "every 3 weeks on sun,wed {} from 2024-01-03",
        "daily {} holidays GB",
        "sun,mon {} holidays GB shift after",
        "last business day {} holidays GB-ENG",
    ]
)
CLOCKS = st.sampled_from(["00:00", "00:30", "01:30", "02:00", "02:15", "02:30", "03:00", "23:45"])
CRONS = st.sampled_from(
    ['cron "*/20 * * * *"', 'cron "0,30 1-3 * * 0"', 'cron "30 1 1 * sun"', 'cron "15 */2 */3 * *"']
)
TEXTS = st.builds(str.format, FORMS, CLOCKS) | CRONS
MOMENTS = st.datetimes(datetime(2023, 1, 1), datetime(2030, 12, 31)).map(lambda moment: moment.replace(tzinfo=UTC))
SPANS = st.timedeltas(timedelta(0), timedelta(days=70))


@given(TEXTS, st.sampled_from(ZONES), MOMENTS, SPANS, SPANS)
@settings(max_examples=100, deadline=None)
def test_windows_tile_time(text: str, zone: ZoneInfo, begin: datetime, first: timedelta, second: timedelta) -> None:
    """Windows end to end give what the whole gives: neither gap nor overlap, ascending, no key twice."""
    middle, end = begin + first, begin + first + second
    whole = the_slots(text, zone, begin, end)
    assert whole == the_slots(text, zone, begin, middle) + the_slots(text, zone, middle, end)
    assert all(one.at < two.at for one, two in pairwise(whole))
    assert len(whole) == len({slot.key for slot in whole})
    assert all(begin < slot.at <= end for slot in whole)
    assert tuple(whole[:5]) == following(parse(text), zone, begin, 5)[: len(whole)][:5]


DIFFERENCES = """
Where ours is another slot than dateutil's or a cron's, and why:
- a wall time that a spring night leaves out: rrule gives an imaginary instant, an hour off; ours goes at the first
  minute that exists, and says so (tested below, slot by slot);
- a wall time that an autumn night has twice: a cron by the clock fires twice; ours, and rrule's, is the first;
- two wall times in one gap: two of rrule's, one of ours, since one mail goes;
- `day 31`: rrule passes a short month over; ours goes on its last day unless it says `or skip`;
- a day off: rrule knows no holidays; ours moves, with the key of the day it was due.
"""

ORACLE: dict[str, dict[str, Any]] = {
    "daily {}": {"freq": rrule.DAILY},
    "mon,thu {}": {"freq": rrule.WEEKLY, "byweekday": (rrule.MO, rrule.TH)},
    "1st tue {}": {"freq": rrule.MONTHLY, "byweekday": rrule.TU(1)},
    "5th mon {}": {"freq": rrule.MONTHLY, "byweekday": rrule.MO(5)},
    "last fri {}": {"freq": rrule.MONTHLY, "byweekday": rrule.FR(-1)},
    "day 15 {}": {"freq": rrule.MONTHLY, "bymonthday": 15},
    "day 31 or skip {}": {"freq": rrule.MONTHLY, "bymonthday": 31},
    "day 31 {}": {"freq": rrule.MONTHLY, "bymonthday": (28, 29, 30, 31), "bysetpos": -1},
    "last day {}": {"freq": rrule.MONTHLY, "bymonthday": -1},
    "first business day {}": {"freq": rrule.MONTHLY, "byweekday": range(5), "bysetpos": 1},
    "last business day {}": {"freq": rrule.MONTHLY, "byweekday": range(5), "bysetpos": -1},
    "quarterly on last fri {}": {"freq": rrule.MONTHLY, "byweekday": rrule.FR(-1), "bymonth": (3, 6, 9, 12)},
}


@pytest.mark.parametrize("form", ORACLE)
@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone.key)
def test_the_dates_are_those_of_an_independent_oracle(form: str, zone: ZoneInfo) -> None:
    """Over ten years the wall times are dateutil's; instants agree wherever the wall time exists (see DIFFERENCES)."""
    begin, end = datetime(2021, 1, 1), datetime(2031, 1, 1)
    expected = list(rrule.rrule(dtstart=begin.replace(hour=1, minute=30), until=end, **ORACLE[form]))
    found = the_slots(form.format("01:30"), zone, begin.replace(tzinfo=zone), end.replace(tzinfo=zone))
    assert expected == [slot.local for slot in found]
    for slot in found:
        exists = slot.at.astimezone(zone).replace(tzinfo=None) == slot.local
        # dateutil gives imaginary instants in a gap; there, ours is the first that exists after it.
        assert exists or "does not exist" in slot.notes[-1]
        if exists:
            assert slot.local.replace(tzinfo=zone).astimezone(UTC) == slot.at


def test_crontab_takes_either_of_its_two_days() -> None:
    """Day of month or weekday, when both are restricted (crontab(5)); both, when one begins with a star."""
    expected = [
        day.date().isoformat()
        for day in rrule.rrule(rrule.DAILY, dtstart=datetime(2026, 1, 1), until=datetime(2026, 12, 31))
        if day.day == 13 or day.weekday() == 4
    ]
    assert expected == days_of('cron "0 9 13 * 5"', utc(2026, 1, 1), utc(2026, 12, 31, 12))
    odd_fridays = days_of('cron "0 9 */2 * 5"', utc(2026, 1, 1), utc(2026, 1, 31, 12))
    assert ["2026-01-09", "2026-01-23"] == odd_fridays


def test_ten_years_of_a_daily_schedule_take_no_time() -> None:
    """Ten years are drawn in well under a second (generous: the machine is shared)."""
    begin = datetime.now(UTC)
    assert 3_652 == len(the_slots("daily 07:30", LONDON, utc(2026, 1, 1), utc(2036, 1, 1)))
    assert datetime.now(UTC) - begin < timedelta(seconds=2)
