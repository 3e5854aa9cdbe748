"""Many more leave within an hour than ever do: all stands still, operators hear, and a program's work is undone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from digest.model.deliveries import NoteKind
from digest.service import storm
from digest.service.house import opened
from digest.settings import load
from digest.store import notes
from digest.subscribers import flow
from digest.subscribers.consent import Way
from digest.subscribers.tokens import Claim
from tests.builders import Desk

pytestmark = pytest.mark.long

THEN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
LEAVES = {
    "before": (Way.ONE_CLICK, THEN - timedelta(hours=2), 5),
    "program": (Way.ONE_CLICK, THEN, 25),
    "mail": (Way.MAILTO, THEN, 2),
    "page": (Way.PAGE, THEN, 3),
    "manage": (Way.MANAGE, THEN, 1),
    "after": (Way.ONE_CLICK, THEN + timedelta(hours=2), 5),
}
"""Who leaves: how, when, and how many."""


async def left(desk: Desk) -> list[bool]:
    """They all leave, as time goes by; whether there was a storm before, in the midst, and a little later."""
    async with opened(load(desk.config, {})) as house:
        handles = {who.email: who.handle for who, _ in await flow.listed(house.store)}
        found = []
        for name, (way, at, many) in LEAVES.items():
            for number in range(many):
                claim = Claim(handles[f"{name}{number}@example.org"], "newsflash")
                await flow.leave(house.store, house.keys, claim, way=way, now=at)
            if name in ("before", "manage"):
                found += [await storm.watch(house, at + timedelta(minutes=minutes)) for minutes in (5, 10)]
        async with house.store.read() as tx:
            assert 1 == len(await notes.waiting(tx, NoteKind.ALERT, before=datetime.now(UTC)))
    return found


def back(desk: Desk) -> dict[str, int]:
    """How many of each get it."""
    rows = desk.done("subscribers", "list", "--state", "confirmed", "--json").json()
    return {name: sum(row["email"].startswith(name) for row in rows) for name in (*LEAVES, "stays")}


def test_a_storm_pauses_and_is_undone_by_window_and_way(desk: Desk) -> None:
    """Alerted once. Of what a program did in that hour all is taken back, but for who is suppressed since; whoever
    used a page stays off, and so does whoever left before or after it. The way of a page cannot be named.
    """
    people = [f"{name}{number}@example.org" for name, (_, _, many) in LEAVES.items() for number in range(many)]
    (desk.folder / "people.csv").write_text("\n".join(["email", *people, "stays@example.org"]), "utf-8")
    alerts = '[alerts]\nto = ["office@example.org"]\n'
    desk.write("one", "First", "2025-05-06")
    desk.declare(sources=f'[sources.notes]\nkind = "folder"\nurl = "notes"\nannounce_first = "all"\n{alerts}')
    desk.done("collect")
    desk.done("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")
    desk.done("editions", "compose", "newsflash", "--at", "2025-05-30T08:00Z")
    assert [False, False, True, False] == asyncio.run(left(desk))
    [mailing] = desk.done("deliveries", "status", "--json").json()
    assert "paused" == mailing["status"]
    desk.done("suppressions", "add", "program0@example.org")
    window = ("--since", THEN.isoformat(), "--until", (THEN + timedelta(hours=1)).isoformat())
    assert desk.done("subscribers", "bring-back", *window).out.startswith("24 subscriptions are as before")
    assert {"program": 24, "stays": 1} == {name: many for name, many in back(desk).items() if many}
    assert desk.done("subscribers", "bring-back", *window, "--way", "mailto").out.startswith("2 subscriptions")
    assert {"program": 24, "mail": 2, "stays": 1} == {name: many for name, many in back(desk).items() if many}
    for way in ("page", "manage"):
        assert 2 == desk.run("subscribers", "bring-back", *window, "--way", way).status
    desk.done("editions", "resume", "newsflash", "2025-05-30")
