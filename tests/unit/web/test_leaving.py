"""Leaving by the page or by a mail program's button, and taking it back."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from digest.subscribers import flow, tokens
from tests.unit.web.conftest import Site


def path(site: Site, handle: str) -> str:
    return f"/unsubscribe/{tokens.unsubscribe_token(site.house.keys, handle, 'newsflash')}"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_changes_nothing(site: Site, method: str) -> None:
    """Scanners open every link of a letter, some with every method they know."""
    link = path(site, site.subscriber())
    for _ in range(3):
        site.run(site.request(method, link))
    assert site.state() == "confirmed"


def test_the_page_shows_one_way_out_and_no_address(site: Site) -> None:
    """Whose it is can be recognised, not read; what is less or more stands below and is quieter."""
    answer = site.get(path(site, site.subscriber()))
    assert answer.status_code == 200
    assert answer.text.count('<button class="button">') == 1
    assert "a•••@m•••.org" in answer.text
    assert "ana.ruiz" not in answer.text


@pytest.mark.parametrize(
    "options",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b""},
        {"content": b"\xff\xfe%%%", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"\xff\xfe", "headers": {"content-type": "application/x-www-form-urlencoded"}},
    ],
)
def test_a_post_acts_at_once(site: Site, options: dict[str, Any]) -> None:
    """Urlencoded, multipart, empty or broken: 200, no redirect, no cookie (RFC 8058)."""
    answer = site.post(path(site, site.subscriber()), **options)
    assert (answer.status_code, answer.headers.get("set-cookie"), answer.headers.get("location")) == (200, None, None)
    assert site.state() == "unsubscribed"


@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_a_program_is_known_by_its_word(site: Site, end: bytes) -> None:
    """Also where a line ends behind it: what programs did in a storm can be taken back."""
    site.post(path(site, site.subscriber()), content=b"List-Unsubscribe=One-Click" + end)
    [standing] = site.run(flow.show(site.house.store, "ana.ruiz@mail.example.org")).subscriptions
    assert '"via": "one-click"' in standing.evidence


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_scanner_that_runs_every_link_of_a_letter_changes_nothing(site: Site, method: str) -> None:
    """And follows every link of the pages it finds there, as those do that run scripts: there are none to run."""
    handle = site.subscriber()
    keys = site.house.keys
    links = [path(site, handle), f"/manage/{tokens.manage_token(keys, handle, 'newsflash')}"]
    links += [f"/confirm/{tokens.confirm_token(keys, handle, 'newsflash', datetime.now(UTC))}"]
    for link in links:
        answer = site.run(site.request(method, link))
        assert "<script" not in answer.text
        for further in re.findall(r'(?:href|action|src)="(/[^"]*)"', answer.text):
            site.run(site.request(method, further))
    assert site.state() == "confirmed"


def test_less_can_be_chosen_instead(site: Site) -> None:
    """A pause leaves the subscription as it is, and says until when; what is no pause on offer is a leaving."""
    link = path(site, site.subscriber())
    paused = site.post(link, data={"pause": "3"})
    [standing] = site.run(flow.show(site.house.store, "ana.ruiz@mail.example.org")).subscriptions
    assert standing.paused_until
    days = (standing.paused_until - datetime.now(UTC)).days
    assert (paused.status_code, standing.state, days) == (200, "confirmed", 90)
    assert "is paused" in paused.text
    site.post(link, data={"pause": "1000"})
    assert site.state() == "unsubscribed"


def test_everything_can_be_left_and_taken_back_at_once(site: Site) -> None:
    """By the link of one letter, all that its reader gets."""
    link = path(site, site.subscriber())
    email = "ana.ruiz@mail.example.org"
    site.run(flow.add(site.house.store, email, "weekly", confirmed=True, now=datetime.now(UTC)))
    left = site.post(link, data={"all": "1"})
    states = [each.state for each in site.run(flow.show(site.house.store, email)).subscriptions]
    assert (left.status_code, states) == (200, ["unsubscribed", "unsubscribed"])
    undo = re.search(r'name="undo" value="([^"]+)"', left.text)
    assert undo is not None
    site.post(link, data={"undo": undo[1]})
    states = [each.state for each in site.run(flow.show(site.house.store, email)).subscriptions]
    assert states == ["confirmed", "confirmed"]


def test_leaving_can_be_taken_back(site: Site) -> None:
    """By the button on the page that says it is done; the page then says so too."""
    link = path(site, site.subscriber(language="es"))
    left = site.post(link, data={})
    undo = re.search(r'name="undo" value="([^"]+)"', left.text)
    assert undo is not None
    back = site.post(link, data={"undo": undo[1]})
    assert (back.status_code, site.state()) == (200, "confirmed")
    assert '<html lang="es"' in back.text
    assert site.post(link, data={"undo": undo[1][:-1]}).status_code == 410


def test_a_link_that_is_not_ours_is_said_to_be_none(site: Site) -> None:
    """404 in plain words, whatever is posted, and for a link of another purpose."""
    handle = site.subscriber()
    for wrong in (path(site, handle)[:-1], f"/unsubscribe/{tokens.manage_token(site.house.keys, handle, 'newsflash')}"):
        for answer in (site.get(wrong), site.post(wrong, data={"List-Unsubscribe": "One-Click"})):
            assert answer.status_code == 404
            assert "There is no such page" in answer.text
    assert site.state() == "confirmed"


def test_what_went_wrong_is_told_in_the_readers_language(site: Site) -> None:
    """As their browser says it, for nobody knows whose a broken link is; else in the site's."""
    said = {"es-CL,es;q=0.9,en;q=0.8": "es", "tlh, de;q=0.5": "de", "": "en", "\x01;;,": "en"}
    for header, language in said.items():
        assert f'<html lang="{language}"' in site.get("/nothing", headers={"accept-language": header}).text
    assert '<html lang="fr"' in site.get("/nothing?lang=fr").text


def test_somebody_who_is_gone_is_told_so(site: Site) -> None:
    """A valid link of nobody: nothing is sent to them, and that is what both pages say."""
    link = path(site, tokens.new_handle())
    for answer in (site.get(link), site.post(link)):
        assert answer.status_code == 200
        assert "not sent to this address any more" in answer.text
        assert "<button" not in answer.text


def test_a_form_of_ten_megabytes_is_refused(site: Site) -> None:
    """Whether its length is said beforehand or not."""

    async def endless() -> Any:
        for _ in range(160):
            yield b"x" * 65_536

    link = path(site, site.subscriber())
    assert site.post(link, content=b"x" * 10_000_000).status_code == 413
    assert site.post(link, content=endless()).status_code == 413
    assert site.state() == "confirmed"
