"""A thousand people press the button of their mail program, and each press comes three times (RFC 8058)."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections import Counter
from typing import Any

import httpx
import pytest

from digest.settings.keys import Keyring
from digest.subscribers import tokens
from tests.builders import Desk

pytestmark = pytest.mark.long

PEOPLE = int(1_000 * float(os.environ.get("SCALE") or 1))
KEYS = Keyring.parse("t:only-for-tests-0123456789")
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
TIMES = 3


def test_each_replayed_post_is_answered_and_takes_one_person_off_once(desk: Desk) -> None:
    """Over real HTTP, the replays at the same moment and again later: 200 each, and one leaving a person in
    the ledger, in the audit and in the diary that a restored store is told from.
    """
    desk.declare()
    rows = [f"person{number}@example.org" for number in range(PEOPLE)]
    (desk.folder / "people.csv").write_text("\n".join(["email", *rows, "stays@example.org"]), "utf-8")
    desk.done("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")
    people = dict(_ask(desk, "select email, handle from subscribers"))
    stays = people.pop("stays@example.org")
    links = [f"/unsubscribe/{tokens.unsubscribe_token(KEYS, handle, 'newsflash')}" for handle in people.values()]
    with desk.serving("serve") as base:
        answers = asyncio.run(_posted(base, [link for link in links for _ in range(TIMES - 1)]))
        first = _ask(desk, "select subscriber_id, state, changed_at from subscriptions order by 1")
        answers += asyncio.run(_posted(base, links))
        assert first == _ask(desk, "select subscriber_id, state, changed_at from subscriptions order by 1")
    assert {(200, None, None): TIMES * PEOPLE} == Counter(answers)
    left = _ask(desk, "select subject, why from audit where action = 'unsubscribe'")
    assert [(handle, "one-click") for handle in sorted(people.values())] == sorted(left)
    noted = [json.loads(line) for line in (desk.folder / "var/diary").read_text("utf-8").splitlines()]
    assert sorted(people.values()) == sorted(each["handle"] for each in noted if each["what"] == "left")
    states = _ask(desk, "select state, count(*) from subscriptions group by state")
    assert [("confirmed", 1), ("unsubscribed", PEOPLE)] == sorted(states)
    assert stays not in {each.get("handle") for each in noted}


async def _posted(base: str, links: list[str]) -> list[tuple[int, str | None, str | None]]:
    """Each answer's status, cookie and where it leads; ten at a time."""
    turn = asyncio.Semaphore(10)
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=60) as client:

        async def post(link: str) -> tuple[int, str | None, str | None]:
            async with turn:
                answer = await client.post(link, data=ONE_CLICK)
            return answer.status_code, answer.headers.get("set-cookie"), answer.headers.get("location")

        return await asyncio.gather(*map(post, links))


def _ask(desk: Desk, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(desk.folder / "var/digest.db") as ledger:
        return ledger.execute(query).fetchall()
