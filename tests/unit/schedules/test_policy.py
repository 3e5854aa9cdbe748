"""What a look back owes, by policy, pause and left-out slots."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from digest.schedule import Slot, parse, slots
from digest.schedules.effective import start_line
from digest.schedules.policy import EACH_AT_MOST, Decision, Missed, decide
from digest.settings import Digest
from digest.store.schedules import SlotState, Standing

START = datetime(2026, 1, 1, tzinfo=UTC)
STANDING = Standing(
    digest="newsflash",
    declared="daily 09:00",
    timezone="UTC",
    tuned=None,
    tuned_by="",
    tuned_why="",
    tuned_at=None,
    revision=1,
    looked_at=START,
    paused=False,
    paused_until=None,
    skip_next=0,
)
SIX_HOURS = timedelta(hours=6)
MISSED = st.sampled_from(["latest", "each", "skip"])


def look(now: datetime, *, missed: Missed = "latest", standing: Standing = STANDING) -> Decision:
    since = tuple(slots(parse(standing.declared), ZoneInfo(standing.timezone), standing.looked_at, now))
    return decide(since, standing, missed=missed, lateness=SIX_HOURS, now=now)


def days(found: tuple[Slot, ...]) -> list[str]:
    return [slot.key[8:10] for slot in found]


def test_latest_keeps_only_the_newest() -> None:
    """After a week away one edition goes, for the last slot; the others are listed as missed."""
    found = look(START + timedelta(days=7))
    assert ["07"] == days(found.owed)
    assert [SlotState.MISSED] * 6 == [passed.state for passed in found.passed]


def test_each_keeps_all_up_to_its_cap() -> None:
    """`each` makes up for what was missed, but never floods."""
    assert ["01", "02", "03"] == days(look(START + timedelta(days=3), missed="each").owed)
    flood = look(START + timedelta(days=365), missed="each")
    assert (EACH_AT_MOST, EACH_AT_MOST) == (len(flood.owed), len(flood.passed))
    assert "2026-12-31T09:00" == flood.owed[-1].key


def test_skip_drops_what_is_too_late() -> None:
    """`skip` sends only within the lateness, its limit included."""
    at_nine = START + timedelta(hours=9)
    assert ["01"] == days(look(at_nine + SIX_HOURS, missed="skip").owed)
    too_late = look(at_nine + SIX_HOURS + timedelta(seconds=1), missed="skip")
    assert () == too_late.owed
    assert ["missed by more than 6:00:00"] == [passed.why for passed in too_late.passed]


def test_a_slot_is_due_at_its_moment() -> None:
    """Not a microsecond before."""
    at_nine = START + timedelta(hours=9)
    assert Decision((), (), 0) == look(at_nine - timedelta(microseconds=1))
    assert ["01"] == days(look(at_nine).owed)
    assert ["02"] == days(look(at_nine + timedelta(days=1)).owed)


def test_a_pause_lets_slots_pass() -> None:
    """What falls into a pause is listed as skipped; what comes after its end goes."""
    paused = replace(STANDING, paused=True, paused_until=START + timedelta(days=2))
    found = look(START + timedelta(days=4), missed="each", standing=paused)
    assert ["03", "04"] == days(found.owed)
    assert {SlotState.SKIPPED} == {passed.state for passed in found.passed}
    at_its_end = replace(paused, paused_until=START + timedelta(days=2, hours=9))
    assert ["03", "04"] == days(look(START + timedelta(days=4), missed="each", standing=at_its_end).owed)
    endless = look(START + timedelta(days=4), missed="each", standing=replace(paused, paused_until=None))
    assert () == endless.owed


def test_left_out_slots_are_the_next_ones() -> None:
    """`skip_next` takes the oldest slots not yet dealt with, and is used up by them."""
    found = look(START + timedelta(days=3), missed="each", standing=replace(STANDING, skip_next=2))
    assert ["03"] == days(found.owed)
    assert 2 == found.skips_used


def test_a_new_schedule_begins_now() -> None:
    """It never fires backwards; what was decided ahead of its time is known by key, and hides nothing of the new."""
    fields = {"slug": "newsflash", "title": "N", "sender": "main", "schedule": "daily 10:00", "timezone": "UTC"}
    changed, ahead = Digest.model_validate(fields), START + timedelta(days=3)
    for looked_at in (START, ahead):
        assert START + SIX_HOURS == start_line(changed, replace(STANDING, looked_at=looked_at), START + SIX_HOURS)


@given(MISSED, st.lists(st.integers(1, 60 * 24 * 3), min_size=1, max_size=20))
def test_however_often_we_look_no_slot_comes_twice(missed: Missed, steps: list[int]) -> None:
    """Looks at any moments: each slot is decided once, and with `each` none is forgotten."""
    standing, now = STANDING, START
    seen: list[str] = []
    owed: list[str] = []
    for minutes in steps:
        now += timedelta(minutes=minutes)
        found = look(now, missed=missed, standing=standing)
        # A look that finds nothing leaves the start line where it is.
        if not found.owed and not found.passed:
            continue
        owed += [slot.key for slot in found.owed]
        seen += [slot.key for slot in found.owed] + [passed.slot.key for passed in found.passed]
        standing = replace(standing, looked_at=now)
    expected = [slot.key for slot in slots(parse("daily 09:00"), ZoneInfo("UTC"), START, now)]
    assert expected == sorted(seen)
    assert missed != "each" or expected == owed
