"""Another address, and all that is held about one: each behind a link that was mailed afresh."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from digest.model.subscribers import Subscriber
from digest.service.house import now
from digest.store.schema import address_changes, notes
from digest.subscribers import flow, tokens
from digest.subscribers.tokens import Purpose
from tests.place import plain
from tests.unit.web.conftest import Site

OLD, NEW = "ana.ruiz@mail.example.org", "ana@new.example.org"


def letters(site: Site, to: str) -> list[str]:
    """The links in the notes to an address, the oldest first."""

    async def read() -> list[bytes]:
        async with site.house.store.read() as tx:
            query = select(notes.c.message).where(notes.c.address == to).order_by(notes.c.id)
            return list((await tx.execute(query)).scalars())

    return [re.findall(r"https://news\.example\.org(/\S+)", plain(raw))[0] for raw in site.run(read())]


def asked(site: Site, action: str) -> str:
    """The fresh link that the manage page had mailed."""
    handle = site.subscriber()
    page = f"/manage/{tokens.manage_token(site.house.keys, handle, 'newsflash')}"
    assert site.post(page, data={"action": action}).status_code == 200
    [link] = letters(site, OLD)
    return link


def moved(site: Site) -> tuple[str, str]:
    """The links to agree and to undo, of a change that was made."""
    site.post(asked(site, "address"), data={"email": NEW})
    [agree] = letters(site, NEW)
    site.post(agree)
    return agree, letters(site, OLD)[-1]


def whose(site: Site, email: str) -> Subscriber:
    return site.run(flow.show(site.house.store, email)).subscriber


def test_an_address_changes_when_both_mailboxes_agree(site: Site) -> None:
    """A link to the old one, a link to the new one; looking at either changes nothing, and the handle stays."""
    said = asked(site, "address")
    site.get(said)
    sent = site.post(said, data={"email": NEW})
    [agree] = letters(site, NEW)
    shown = site.get(agree)
    assert (200, 1, False, False) == (
        sent.status_code,
        shown.text.count("<button"),
        NEW in shown.text,
        "@" in agree,
    )
    before = whose(site, OLD)
    assert "a•••@n•••.org" in site.post(agree).text
    assert before.handle == whose(site, NEW).handle
    assert "Your address is changed" in site.post(agree).text
    assert "confirmed" == site.state(NEW)


def test_the_old_address_is_told_and_takes_it_back(site: Site) -> None:
    """For seven days, by one press; the link in the new mailbox is then worth nothing."""
    agree, back = moved(site)
    assert 1 == site.get(back).text.count("<button")
    assert OLD != whose(site, NEW).email
    assert "It is as it was" in site.post(back).text
    assert "It is as it was" in site.post(back).text
    assert OLD == whose(site, OLD).email
    assert "no longer good" in site.post(agree).text
    assert OLD == whose(site, OLD).email


def test_the_first_owner_outlives_a_second_change(site: Site) -> None:
    """Whoever took an address and moved on is not rid of its owner."""
    _, back = moved(site)
    handle = whose(site, NEW).handle
    token = tokens.passing(site.house.keys, Purpose.ADDRESS, handle, "newsflash", now())
    site.post(f"/manage/address/{token}", data={"email": "third@example.org"})
    site.post(letters(site, "third@example.org")[0])
    assert handle == whose(site, "third@example.org").handle
    site.post(back)
    assert handle == whose(site, OLD).handle
    assert "no longer good" in site.post(letters(site, NEW)[-1]).text


def test_of_two_changes_the_first_that_is_agreed_to_counts(site: Site) -> None:
    """The other was asked for by somebody who had another address then."""
    said = asked(site, "address")
    for email in (NEW, "third@example.org"):
        site.post(said, data={"email": email})
    [first], [second] = letters(site, NEW), letters(site, "third@example.org")
    site.post(first)
    assert "no longer good" in site.post(second).text
    assert "confirmed" == site.state(NEW)


def test_a_week_later_it_stays(site: Site) -> None:
    """The link in the old mailbox has run out."""
    moved(site)

    async def change() -> str:
        async with site.house.store.write() as tx:
            await tx.execute(update(address_changes).values(done_at=now() - timedelta(days=8)))
            return str((await tx.execute(select(address_changes.c.handle))).scalar_one())

    handle = site.run(change())
    old = tokens.passing(site.house.keys, Purpose.MOVE_BACK, handle, "newsflash", now() - timedelta(days=8))
    assert "no longer good" in site.post(f"/manage/back/{old}").text
    assert NEW == whose(site, NEW).email


def test_the_answer_is_the_same_whoever_has_the_address(site: Site) -> None:
    """Free, taken or suppressed: byte for byte; what is taken stays its owner's."""
    site.subscriber("taken@example.org")
    site.run(flow.suppress(site.house.store, "never@example.org", now=now()))
    said = asked(site, "address")
    answers = {
        site.post(said, data={"email": each}).content for each in (NEW, "taken@example.org", "never@example.org")
    }
    assert 1 == len(answers)
    assert [] == letters(site, "never@example.org")
    [agree] = letters(site, "taken@example.org")
    assert "a subscription of its own" in site.post(agree).text
    assert whose(site, OLD).handle != whose(site, "taken@example.org").handle


def test_who_only_asked_does_not_hold_an_address(site: Site) -> None:
    """Nobody blocks somebody's way, or their way back, by filling in a form for an address."""
    site.post("/subscribe/newsflash", data={"email": NEW})
    site.post(asked(site, "address"), data={"email": NEW})
    site.post(letters(site, NEW)[-1])
    assert "confirmed" == site.state(NEW)


@pytest.mark.parametrize("typed", ["", "nobody", f"{OLD}", "x@example.org\r\nBcc: y@example.org", "a" * 5_000])
def test_a_wrong_address_is_told_on_the_form(site: Site, typed: str) -> None:
    """In the page's title, in a summary that has the focus, and beside the field."""
    answer = site.post(asked(site, "address"), data={"email": typed})
    assert (422, True) == (answer.status_code, "<title>Error: " in answer.text)
    assert 'id="summary" tabindex="-1" autofocus' in answer.text
    assert 'aria-describedby="summary"' in answer.text


def test_what_is_held_is_a_file_behind_a_button(site: Site) -> None:
    """A GET gives nothing away; the file has the subscriptions with their evidence, pauses, and other addresses."""
    site.post(asked(site, "address"), data={"email": NEW})
    handle = site.subscriber()
    link = f"/manage/export/{tokens.passing(site.house.keys, Purpose.EXPORT, handle, 'newsflash', now())}"
    claim = tokens.Claim(handle, "newsflash")
    site.run(flow.put_off(site.house.store, claim, now() + timedelta(days=30), now=now()))
    assert OLD not in site.get(link).text
    answer = site.post(link)
    assert "attachment" in answer.headers["content-disposition"]
    held = json.loads(answer.text)
    [standing], [change] = held["subscriptions"], held["address_changes"]
    assert (OLD, "newsflash", True) == (held["email"], standing["digest"], bool(standing["paused_until"]))
    assert (NEW, OLD, None) == (change["email"], change["was"], change["done_at"])
    assert ("no-store", "no-referrer") == (answer.headers["cache-control"], answer.headers["referrer-policy"])


@pytest.mark.parametrize("purpose", ["address", "export"])
def test_a_fresh_link_is_fresh_for_two_hours(site: Site, purpose: str) -> None:
    """Then it says so, and shows the way to another."""
    handle = site.subscriber()
    stale = tokens.passing(site.house.keys, Purpose(purpose), handle, "newsflash", now() - timedelta(hours=3))
    for answer in (
        site.get(f"/manage/{purpose}/{stale}"),
        site.post(f"/manage/{purpose}/{stale}", data={"email": NEW}),
    ):
        assert (200, True) == (answer.status_code, "no longer good" in answer.text)
    assert [] == letters(site, NEW)


def test_no_link_does_what_another_is_for(site: Site) -> None:
    """Each purpose has its own: the link of a letter's footer neither moves nor takes anything."""
    handle, keys, at = site.subscriber(), site.house.keys, now()
    mine: dict[str, str] = {each: tokens.passing(keys, each, handle, "newsflash", at) for each in Purpose}
    mine |= {"footer": tokens.manage_token(keys, handle, "newsflash")}
    paths = {"address": Purpose.ADDRESS, "export": Purpose.EXPORT, "move": Purpose.MOVE, "back": Purpose.MOVE_BACK}
    for path, purpose in paths.items():
        opened = {site.post(f"/manage/{path}/{token}").status_code for each, token in mine.items() if each != purpose}
        assert {404} == opened


def test_no_mailbox_is_filled_by_pressing(site: Site) -> None:
    """Three letters a day, however often, and one for each ten minutes."""
    handle = site.subscriber()
    page = f"/manage/{tokens.manage_token(site.house.keys, handle, 'newsflash')}"
    answers = {site.post(page, data={"action": "export"}).content for _ in range(8)}
    assert 1 == len(answers)
    assert len(letters(site, OLD)) <= 2


def test_a_forgotten_person_leaves_no_address_behind(site: Site) -> None:
    """Neither the new one nor the old, changed or only asked for."""
    moved(site)
    site.run(flow.forget(site.house.store, NEW, now=now()))

    async def left() -> list[Any]:
        async with site.house.store.read() as tx:
            tables = (address_changes, notes)
            return [row for table in tables for row in (await tx.execute(select(table))).all()]

    assert [] == site.run(left())
