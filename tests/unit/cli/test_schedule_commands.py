"""A schedule steered and tried out from the command line."""

from __future__ import annotations

import pytest

from digest.service import simulating
from tests.builders import Desk, folder_source


@pytest.fixture
def house(desk: Desk) -> Desk:
    """Three announcements of May and June 2025, collected."""
    for name, day in (("one", "2025-05-06"), ("two", "2025-05-20"), ("three", "2025-06-03")):
        desk.write(name, f"Number {name}", day)
    desk.declare(sources=folder_source(desk.folder))
    desk.done("collect")
    return desk


def test_tuned_paused_and_reset(house: Desk) -> None:
    """Each change says what counts and what comes next, and is in the history with who and why."""
    tuned = house.done("schedule", "tune", "newsflash", "1st tue 10:00", "--why", "closed on Fridays", LOGNAME="ana")
    words = "On the first Tuesday of each month at 10:00, London time (tuned by ana: closed on Fridays)"
    assert tuned.out.startswith(f"newsflash: {words}\nNext: Tue")
    assert {"1st tue 10:00"} == {row["schedule"] for row in house.done("schedule", "list", "--json").json()}
    assert "ended or is paused" in house.done("schedule", "pause", "newsflash", LOGNAME="bob").out
    house.done("schedule", "resume", "newsflash")
    house.done("schedule", "skip-next", "newsflash")
    first, second = house.done("schedule", "next", "newsflash", "-n", "2", "--json").json()
    assert (["left out by an operator"], []) == (first["notes"], second["notes"])
    assert "tuned by ana: closed on Fridays; the next one left out\n" in house.done("schedule", "list").out
    house.done("schedule", "pause", "newsflash", "--until", "2999-01-01")
    assert "paused until Tue 01 Jan 2999 00:00 GMT; the next one" in house.done("schedule", "list").out
    house.done("schedule", "resume", "newsflash")
    house.done("schedule", "reset", "newsflash")
    lines = house.done("schedule", "history", "newsflash", "--json").json()
    assert [f"schedule {what}" for what in ("skip-next", "resume", "pause", "tune")] == [
        line["action"] for line in lines[3:]
    ]
    assert ("ana", "last fri 09:00", "1st tue 10:00", "closed on Fridays") == tuple(
        lines[-1][name] for name in ("who", "was", "became", "why")
    )


def test_run_now_is_made_by_the_clock(house: Desk) -> None:
    """The edition it owes is there after the next look; standard output says what was done, and holds no log."""
    house.done("schedule", "run-now", "newsflash", "--why", "the award is out")
    ticked = house.done("tick", "--once")
    assert (1, 1) == (ticked.out.count("\n"), ticked.err.count('event="slot answered"')), ticked
    [edition] = house.done("editions", "list", "newsflash", "--json").json()
    assert 3 == edition["items"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tune", "newsflash", "31 feb", "--why", "x"), "31 feb: says no time"),
        (("tune", "weekly", "mon 09:00", "--why", "x"), "weekly: "),
        (("pause", "newsflash", "--until", "soon"), '--until: "soon" is no time'),
        (("pause", "newsflash", "--until", "2001-01-01"), "is over already"),
        (("resume", "newsflash"), "newsflash: is not paused"),
        (("simulate", "newsflash", "--from", "2026-01-01", "--to", "2025-01-01"), "the end lies before"),
    ],
)
def test_what_cannot_be_is_said(house: Desk, words: tuple[str, ...], said: str) -> None:
    """Exit 2 with the reason, and nothing is changed."""
    ran = house.run("schedule", *words)
    assert (2, True) == (ran.status, said in ran.err), ran
    assert [] == house.done("schedule", "history", "newsflash", "--json").json()


def test_two_schedules_side_by_side(house: Desk) -> None:
    """The editions each would have brought, counted alike for people and programs; nothing is sealed by it."""
    period = ("--from", "2025-05-01", "--to", "2025-07-01")
    done = house.done("schedule", "simulate", "newsflash", "mon 07:30", *period, "--json").json()
    declared, other = done["schedules"]
    assert (3, "last fri 09:00", "mon 07:30") == (done["announcements"], declared["schedule"], other["schedule"])
    assert [2, 1] == [edition["items"] for edition in declared["editions"]]
    assert (3, 6, 0) == (other["made"], other["skipped"], other["left"])
    assert ("2025-05-30", 2) == (declared["largest"]["date"], declared["largest"]["items"])
    shown = house.done("schedule", "simulate", "newsflash", "mon 07:30", *period).out
    assert "  2025  █▄" in shown
    assert [] == house.done("editions", "list", "--json").json()


def test_a_simulation_has_an_end(house: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A schedule that would bring far too many editions is refused, and not counted for minutes."""
    monkeypatch.setattr(simulating, "MOST", 9)
    ran = house.run("schedule", "simulate", "newsflash", "daily 09:00", "--from", "2025-01-01", "--to", "2025-01-31")
    assert (2, True) == (ran.status, "daily 09:00: brings more than 9 editions" in ran.err)
