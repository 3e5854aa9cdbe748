"""The form, the note, the button; and the page to change things on."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from digest.model.subscribers import SuppressionReason
from digest.service import joining
from digest.store import attributes
from digest.store.schema import notes
from digest.subscribers import flow, limits, tokens
from tests.place import plain
from tests.unit.web.conftest import Site

NOW = datetime(2026, 6, 26, 8, 0, tzinfo=UTC)
FORM = {"email": "bo@example.org", "language": "es", "website": ""}


def owed(site: Site) -> list[Any]:
    async def read() -> list[Any]:
        async with site.house.store.read() as tx:
            return list((await tx.execute(select(notes.c.address, notes.c.message))).all())

    return site.run(read())


async def describe(site: Site, row: dict[str, object]) -> None:
    async with site.house.store.write() as tx:
        await attributes.set_many(tx, [row])


def confirm_link(site: Site) -> str:
    [(_, message)] = owed(site)
    [link] = re.findall(r"https://news\.example\.org(/confirm/\S+)", plain(message))
    return str(link)


def test_joining_takes_a_form_a_letter_and_a_button(site: Site) -> None:
    """Only the press in the letter's page confirms; opening it does not, and pressing twice is no mistake."""
    assert 'name="email"' in site.get("/subscribe/newsflash").text
    asked = site.post("/subscribe/newsflash", data=FORM)
    assert (asked.status_code, site.state("bo@example.org")) == (200, "pending")
    link = confirm_link(site)
    shown = site.get(link)
    assert (shown.text.count("<button"), site.state("bo@example.org")) == (1, "pending")
    assert site.post(link).status_code == 200
    assert site.state("bo@example.org") == "confirmed"
    assert site.post(link).status_code == 200
    assert '<html lang="es"' in shown.text


def test_the_evidence_quotes_what_was_shown(site: Site) -> None:
    """The words of the form and of the button, with when and by what way."""
    site.post("/subscribe/newsflash", data={**FORM, "language": "en"})
    link = confirm_link(site)
    wording = "Yes, send me Newsflash by email."
    assert wording in site.get(link).text
    site.post(link)
    [standing] = site.run(flow.show(site.house.store, "bo@example.org")).subscriptions
    assert f'"wording": "{wording}"' in standing.evidence
    assert '"via": "form"' in standing.evidence


def test_the_answer_is_the_same_for_everybody(site: Site) -> None:
    """Known, unknown or suppressed: byte for byte; and only who may be written to is."""
    site.subscriber("cy@example.org")
    site.run(flow.suppress(site.house.store, "di@example.org", now=NOW))
    addresses = ["bo@example.org", "cy@example.org", "di@example.org"]
    answers = {site.post("/subscribe/newsflash", data={**FORM, "email": each}).content for each in addresses}
    assert len(answers) == 1
    assert [address for address, _ in owed(site)] == ["bo@example.org"]


def test_asking_again_at_once_sends_one_letter(site: Site) -> None:
    """Nobody's inbox is filled by a form."""
    for _ in range(5):
        site.post("/subscribe/newsflash", data=FORM)
    assert len(owed(site)) <= 2


def test_who_was_forgotten_may_come_back_by_themselves(site: Site) -> None:
    """An import may not bring them back; their own confirmation does, and lifts what kept them out."""
    site.subscriber("bo@example.org")
    site.run(flow.forget(site.house.store, "bo@example.org", now=NOW))
    site.post("/subscribe/newsflash", data=FORM)
    shown = site.run(flow.show(site.house.store, "bo@example.org"))
    assert (shown.suppressed, site.state("bo@example.org")) == (True, "pending")
    site.post(confirm_link(site))
    shown = site.run(flow.show(site.house.store, "bo@example.org"))
    assert (shown.suppressed, site.state("bo@example.org")) == (False, "confirmed")


@pytest.mark.parametrize("reason", [SuppressionReason.HARD_BOUNCE, SuppressionReason.SOFT_BOUNCES])
def test_whose_mail_came_back_may_join_again(site: Site, reason: SuppressionReason) -> None:
    """Confirmed all the while, and yet nothing came: asking anew and the button lift it, and neither alone does."""
    site.subscriber("bo@example.org")
    site.run(flow.suppress(site.house.store, "bo@example.org", reason=reason, now=NOW))
    site.post("/subscribe/newsflash", data=FORM)
    link = confirm_link(site)
    assert 'class="button">' in site.get(link).text.partition("<main")[2]
    assert site.run(flow.show(site.house.store, "bo@example.org")).suppressed
    site.post(link)
    shown = site.run(flow.show(site.house.store, "bo@example.org"))
    assert (shown.suppressed, site.state("bo@example.org")) == (False, "confirmed")
    site.post("/subscribe/newsflash", data=FORM)
    assert 1 == len(owed(site))


@pytest.mark.parametrize("reason", [SuppressionReason.COMPLAINT, SuppressionReason.OPERATOR])
def test_no_link_lifts_what_its_owner_or_we_asked_for(site: Site, reason: SuppressionReason) -> None:
    """A letter that was under way when they complained, or were shut out."""
    site.post("/subscribe/newsflash", data=FORM)
    link = confirm_link(site)
    site.run(flow.suppress(site.house.store, "bo@example.org", reason=reason, now=NOW))
    site.post(link)
    shown = site.run(flow.show(site.house.store, "bo@example.org"))
    assert (shown.suppressed, site.state("bo@example.org")) == (True, "pending")


def test_one_mailbox_is_written_to_three_times_a_day(site: Site) -> None:
    """However it is spelled and however often it is asked for; the asker is told the same."""
    spelled = ["bo@gmail.com", "b.o@gmail.com", "BO@gmail.com", "bo+x@googlemail.com", "b.o+y@gmail.com"]
    answers = {site.post("/subscribe/newsflash", data={**FORM, "email": each}).content for each in spelled}
    assert (len(answers), len(owed(site))) == (1, 3)


def test_one_network_cannot_ask_for_everybody(site: Site) -> None:
    """After thirty in an hour it is told to come back; nobody else is."""
    asked = [site.post("/subscribe/newsflash", data={**FORM, "email": f"u{n}@example.org"}) for n in range(32)]
    assert [each.status_code for each in asked] == [200] * 30 + [429] * 2
    assert asked[-1].headers["retry-after"] == "3600"
    assert len(owed(site)) == 30


def test_who_never_confirmed_is_forgotten(site: Site) -> None:
    """After a week: the address, the note to it, what a list said of them, and what was counted; who confirmed or was
    asked in stays.
    """
    site.subscriber()
    site.run(flow.add(site.house.store, "cy@example.org", "newsflash", now=NOW))
    site.post("/subscribe/newsflash", data=FORM)
    asked = site.run(flow.show(site.house.store, "bo@example.org")).subscriber.id
    site.run(describe(site, {"subscriber_id": asked, "name": "country", "value": "CL"}))
    assert site.run(joining.tidy(site.house, now=datetime.now(UTC))) == 0
    assert site.run(joining.tidy(site.house, now=datetime.now(UTC) + timedelta(days=8))) == 1
    assert [subscriber.email for subscriber, _ in site.run(flow.listed(site.house.store))] == [
        "ana.ruiz@mail.example.org",
        "cy@example.org",
    ]
    assert owed(site) == []


def test_a_new_link_takes_one_press(site: Site) -> None:
    """The page of one that ran out sends another to the same address."""
    site.post("/subscribe/newsflash", data=FORM)
    handle = site.run(flow.show(site.house.store, "bo@example.org")).subscriber.handle
    old = f"/confirm/{tokens.confirm_token(site.house.keys, handle, 'newsflash', NOW - timedelta(days=4))}"
    assert 'name="again"' in site.post(old).text
    before = len(owed(site))
    assert site.post(old, data={"again": "1"}).status_code == 200
    assert (len(owed(site)) >= before, site.state("bo@example.org")) == (True, "pending")


def test_a_pause_is_set_and_ended_on_the_page(site: Site) -> None:
    """With the date it ends; nonsense is refused."""
    handle = site.subscriber()
    link = f"/manage/{tokens.manage_token(site.house.keys, handle, 'newsflash')}"
    paused = {"action": "pause", "digest": "newsflash", "months": "3"}
    assert "paused until" in site.post(link, data=paused).text
    assert "paused until" not in site.post(link, data={"action": "go_on", "digest": "newsflash"}).text
    assert site.post(link, data={**paused, "months": "9999"}).status_code == 400
    assert site.post(link, data={**paused, "digest": "another"}).status_code == 400


def test_a_wrong_address_is_told_on_the_form(site: Site) -> None:
    """With what was typed still there, escaped, and the mistake announced."""
    answer = site.post("/subscribe/newsflash", data={**FORM, "email": '"><b>bo\r\nBcc: x@example.org'})
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text or "<title>Error" in answer.text or "<title>" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "<b>" not in answer.text
    assert owed(site) == []


def test_what_fills_the_trap_is_asked_once_more(site: Site) -> None:
    """Nobody is discarded: the form comes back with what was typed."""
    answer = site.post("/subscribe/newsflash", data={**FORM, "website": "https://spam.example.org"})
    assert 'value="bo@example.org"' in answer.text
    assert owed(site) == []


def test_a_confirm_link_that_is_too_old_shows_the_way(site: Site) -> None:
    """It is ours, but it has run out."""
    site.subscriber()
    old = tokens.confirm_token(site.house.keys, tokens.new_handle(), "newsflash", NOW)
    answer = site.post(f"/confirm/{old}")
    assert (answer.status_code, "/subscribe/newsflash" in answer.text) == (200, True)
    assert site.get(f"/confirm/{old}x").status_code == 404


def test_language_and_leaving_are_managed_on_one_page(site: Site) -> None:
    """Masked address, its digests; each change says that it was made, and leaving can be taken back."""
    handle = site.subscriber()
    link = f"/manage/{tokens.manage_token(site.house.keys, handle, 'newsflash')}"
    shown = site.get(link)
    assert "a•••@m•••.org" in shown.text
    assert "ana.ruiz" not in shown.text
    assert '<html lang="es"' in site.post(link, data={"action": "language", "language": "es"}).text
    assert site.post(link, data={"action": "language", "language": "tlh"}).status_code == 400
    left = site.post(link, data={"action": "leave", "digest": "newsflash"})
    assert site.state() == "unsubscribed"
    undo = re.search(r'name="undo" value="([^"]+)"', left.text)
    assert undo is not None
    site.post(link, data={"action": "undo", "undo": undo[1]})
    assert site.state() == "confirmed"
    assert site.post(link, data={"action": "leave", "digest": "nothing"}).status_code == 200


def test_plain_text_is_chosen_on_the_page(site: Site) -> None:
    """One press, and one press back."""
    handle = site.subscriber()
    link = f"/manage/{tokens.manage_token(site.house.keys, handle, 'newsflash')}"
    assert "You get plain text only." in site.post(link, data={"action": "text"}).text
    assert site.run(flow.show(site.house.store, "ana.ruiz@mail.example.org")).subscriber.text_only
    assert "You get plain text only." not in site.post(link, data={"action": "whole"}).text


def test_a_page_in_our_own_words_says_what_language_they_are_in(site: Site) -> None:
    """Somebody reads Arabic, of which we have no word: the page is an English one, and runs as English does."""
    for language, shown in {"ar": 'lang="en" dir="ltr"', "es-cl": 'lang="es-cl" dir="ltr"'}.items():
        handle = site.subscriber(f"{language}@example.org", language=language)
        assert shown in site.get(f"/manage/{tokens.manage_token(site.house.keys, handle, 'newsflash')}").text


def test_pages_of_unknown_digests_are_none(site: Site) -> None:
    """Before anything else is looked at."""
    for answer in (site.get("/subscribe/nothing"), site.post("/subscribe/nothing", data=FORM)):
        assert answer.status_code == 404


class TestBehindAProxy:
    """A proxy that is named tells who asks."""

    @pytest.fixture
    def config(self) -> str:
        from tests.unit.web.conftest import CONFIG

        return CONFIG + '[web]\nproxies = ["127.0.0.1"]\n[alerts]\nto = ["office@example.org"]\n'

    def test_everybody_together_cannot_fill_the_post(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        """Beyond the cap all are told to come back, whatever network they are of; operators hear of it once."""
        monkeypatch.setattr(limits, "ALTOGETHER", 12)
        statuses = []
        for number in range(15):
            headers = {"x-forwarded-for": f"2001:db8:0:{number}::1"}
            form = {**FORM, "email": f"u{number}@example.org"}
            statuses.append(site.post("/subscribe/newsflash", data=form, headers=headers).status_code)
        assert [200] * 12 + [429] * 3 == statuses
        told = [message for address, message in owed(site) if address == "office@example.org"]
        assert (13, 1) == (len(owed(site)), len(told))
        assert b"filling in the form" in told[0]

    def test_a_household_is_one_network(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        """All of its /64 together, whatever a visitor writes before the proxy's own word."""
        monkeypatch.setattr(limits, "A_NETWORK", 4)
        statuses = []
        for number in range(6):
            headers = {"x-forwarded-for": f"198.51.100.{number}, 2001:db8::{number + 1:x}"}
            form = {**FORM, "email": f"u{number}@example.org"}
            statuses.append(site.post("/subscribe/newsflash", data=form, headers=headers).status_code)
        assert [200] * 4 + [429] * 2 == statuses
