"""The small language: what it says in words, and why it refuses."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ScheduleError
from digest.schedule import parse, sentence, words

LONDON = ZoneInfo("Europe/London")

SAID = {
    "daily 07:30": "Every day at 07:30",
    "mon 07:30": "Every Monday at 07:30",
    "mon,thu 7:30": "Every Monday and Thursday at 07:30",
    "mon-fri 08:00": "Every day from Monday to Friday at 08:00",
    "1st tue 09:00": "On the first Tuesday of each month at 09:00",
    "1st, 3rd mon 09:00": "On the first and third Monday of each month at 09:00",
    "5th mon 09:00": "On the fifth Monday of each month that has one at 09:00",
    "last fri 09:00": "On the last Friday of each month at 09:00",
    "day 15 09:00": "On day 15 of each month at 09:00",
    "day 31 09:00": "On day 31 of each month (its last day where it is shorter) at 09:00",
    "day 31 or skip 09:00": "On day 31 of each month that has one at 09:00",
    "last day 17:00": "On the last day of each month at 17:00",
    "first business day 09:00": "On the first business day of each month at 09:00",
    "last business day 16:00": "On the last business day of each month at 16:00",
    "last fri of jun,dec 09:00": "On the last Friday of June and December at 09:00",
    "every 3 days 10:00 from 2026-01-01": "Every 3 days at 10:00",
    "every 2 weeks on thu 10:00 from 2026-01-08": "Every 2 weeks on Thursday at 10:00",
    "every 5 months on day 2 08:00 from 2026-02-01": "On day 2 of every 5th month at 08:00",
    "quarterly on last fri 09:00": "On the last Friday of March, June, September and December at 09:00",
    "quarterly on last fri 09:00 from 2026-01-08": "On the last Friday of January, April, July and October at 09:00",
    'cron "0 9 * * 0"': "Every Sunday at 09:00",
    'cron "0 9 * * 7"': "Every Sunday at 09:00",
    'cron "0 9 * * SUN-THU"': "Every Monday, Tuesday, Wednesday, Thursday and Sunday at 09:00",
    'cron "0 9,17 1,15 * *"': "On day 1 and 15 of each month at 09:00 and 17:00",
    'cron "0 9 13 * fri"': "On day 13 of each month and every Friday at 09:00",
    'cron "*/30 8-18 * * 1-5"': "Every day from Monday to Friday at minute 00 and 30 of each hour from 08 to 18",
}


@pytest.mark.parametrize(("text", "expected"), SAID.items())
def test_each_form_has_its_words(text: str, expected: str) -> None:
    """Every form of the language is said in one plain sentence."""
    assert expected == words(parse(text))


def test_the_sentence_names_zone_bounds_and_days_off() -> None:
    """A sentence leaves nothing out that decides about a slot."""
    text = "last fri 09:00 from 2026-01-08 until 2026-12-31 holidays GB-ENG quiet 2026-12-24 shift after"
    expected = (
        "On the last Friday of each month at 09:00, London time, from 8 January 2026, until 31 December 2026, "
        "public holidays of GB-ENG and 24 December 2026 moved to the working day after"
    )
    assert expected == sentence(parse(text), LONDON)
    assert "Every day at 07:30, Buenos Aires time" == sentence(
        parse("daily 07:30"), ZoneInfo("America/Argentina/Buenos_Aires")
    )
    assert "Every day at 07:30, UTC" == sentence(parse("daily 07:30"), ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("last fri 09:00", "  Last FRIDAY of each month at 9:00"),
        ("mon-wed 07:30", "every monday, tue, Wed 07:30"),
        ('cron "0 9 * * 0"', "CRON '0 9 * * sun'"),
        ("day 15 or skip 09:00", "day 15 09:00"),
        ("monthly on day 1 09:00", "day 1 of every month 09:00"),
        ("daily 09:00 from 2026-01-01 until 2026-02-01", "daily 09:00 until 2026-02-01 from 2026-01-01"),
    ],
)
def test_what_says_the_same_is_equal(one: str, other: str) -> None:
    """Two spellings of one schedule are one schedule, so a respelling in the config is no change."""
    assert parse(one) == parse(other)


REFUSED = {
    "": "says no time",
    "09:00": "says no day",
    "daily": "says no time",
    "daily 25:00": "25:00 is no time of day",
    "daily 12:60": "12:60 is no time of day",
    "frii 09:00": '"frii" is no day',
    "last frii 09:00": '"frii" is no day of the week',
    "6th mon 09:00": "no month has a 6th Monday",
    "day 0 09:00": "they run from 1 to 31",
    "day 32 09:00": "they run from 1 to 31",
    "31st day 09:00": 'write "day 31"',
    "day 30 of feb 09:00": "never a day 30 in February",
    "day 31 of apr,jun 09:00": "never a day 31 in April and June",
    "day 31 or perhaps 09:00": 'after "or" write',
    "last fri of juy 09:00": '"juy" is no month',
    "20th business day 09:00": "not every month has more",
    "every 2 weeks on thu 10:00": "needs a date to count from",
    "every 0 days 10:00 from 2026-01-01": "not possible",
    "every 2 moons on thu 10:00 from 2026-01-01": '"moon" is no day, week or month',
    "daily 09:00 tomorrow": "says no time",
    "daily often 09:00": '"often" makes no sense here',
    "daily 09:00 from 08/01/2026": "is no date",
    "daily 09:00 from 2026-02-30": "is no date",
    "daily 09:00 from": '"from" what?',
    "daily 09:00 from 2026-01-01 from 2026-01-02": 'says "from" twice',
    "daily 09:00 from 2026-02-01 until 2026-01-01": "ends before it begins",
    "fri 09:00 from 2026-01-03 until 2026-01-05": "no such day in that time",
    "daily 09:00 holidays XX": 'holidays of "XX" are not known',
    "daily 09:00 holidays __INIT__": "are not known",
    "daily 09:00 shift after": 'needs "holidays" or "quiet"',
    "daily 09:00 quiet 2026-12-24 shift sideways": "before, after or skip",
    "day 25 of dec 09:00 holidays GB shift skip": "never comes",
    "cron 0 9 * * 1": "in quotes",
    'cron "0 9 * *"': "has five fields",
    'cron "0 9 * * 8"': "the weekday 8 is not between 0 and 7",
    'cron "0 9 * * MON#1"': "is no weekday",
    'cron "0 9 L * *"': '"l" is no day of month',
    'cron "60 9 * * *"': "the minute 60",
    'cron "0 9 30 2 *"': "day 30 never comes in Feb",
    'cron "0 18-8 * * *"': "runs backwards",
    'cron "5/15 9 * * *"': "needs a range",
    'cron "*/0 9 * * *"': "no usable step",
    'cron "@daily"': "has five fields",
    "x" * 501: "too long",
}


@pytest.mark.parametrize(("text", "why"), REFUSED.items())
def test_the_impossible_is_refused_with_its_reason(text: str, why: str) -> None:
    """A schedule that cannot be says why, and names itself."""
    with pytest.raises(ScheduleError) as refused:
        parse(text)
    assert why in refused.value.message
    assert text == refused.value.about


VOCABULARY = (
    "daily mon fri,sat 1st last day business every 2 31 weeks months quarterly on of feb or skip at 09:00 24:00 from "
    'until 2026-01-08 holidays GB quiet shift before cron "0 9 * * 7" * - , # of each month 5th'
)
WORDS = st.sampled_from(VOCABULARY.split())


@given(st.lists(WORDS, max_size=8).map(" ".join) | st.text(max_size=40))
def test_any_text_is_a_schedule_or_refused(text: str) -> None:
    """Nothing an operator types raises anything but a ScheduleError; what is read can be said."""
    try:
        schedule = parse(text)
    except ScheduleError:
        return
    assert sentence(schedule, LONDON)
    assert schedule == parse(schedule.text)


def test_bounds_are_dates() -> None:
    """`from` and `until` are kept as local dates, both included."""
    schedule = parse("mon 09:00 from 2026-01-05 until 2026-02-02")
    assert (date(2026, 1, 5), date(2026, 2, 2)) == (schedule.start, schedule.until)
