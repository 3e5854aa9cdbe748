"""Every page that anybody may come to, in every state and language, before axe in a real browser."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browsing import NARROW, violations
from tests.place import ANA, DEE, MARTA, PEOPLE, RTL, Place

pytestmark = pytest.mark.long

Shown = Iterator[tuple[str, Page]]


def public(place: Place, page: Page, language: str) -> Shown:
    """What has no person: in one of the languages it is asked for in."""
    tag = f"?lang={language}"
    for name, path in {
        "front": f"/{tag}",
        "feeds": "/feeds/",
        "archive": f"/editions/newsflash/{tag}",
        "search": f"/editions/newsflash/{tag}&q=first",
        "edition": f"/editions/newsflash/2025-05-30{tag}",
        "join": f"/subscribe/newsflash{tag}",
        "404": "/nothing",
    }.items():
        page.goto(f"{place.base}{path}")
        yield name, page
    page.goto(f"{place.base}/{tag}")
    page.get_by_role("article").get_by_role("link").first.click()
    yield "announcement", page


def personal(place: Place, page: Page, address: str) -> Shown:
    """What their letters lead somebody to, before anything is pressed; and links that are cut."""
    links = place.links(address)
    for name, path in links.items():
        page.goto(f"{place.base}{path}")
        yield name, page
    page.goto(f"{place.base}{links['manage'][:-4]}")
    yield "cut", page
    page.goto(f"{place.base}{links['stale confirm']}")
    _pressed(page, "input[name=again]")
    yield "confirm: sent again", page


def joined(place: Place, page: Page, language: str) -> Shown:
    """The form with mistakes in it, filled by a program, and taken."""
    typed = f"new{time.monotonic_ns()}@example.org"
    page.goto(f"{place.base}/subscribe/newsflash?lang={language}")
    page.locator("#email").fill("nobody")
    _submitted(page)
    yield "join: wrong", page
    page.locator("#email").fill(typed)
    page.evaluate("document.querySelector('#trap').value = 'x'")
    _submitted(page)
    yield "join: trap", page
    _submitted(page)
    yield "join: asked", page
    page.goto(place.mailed(typed, "confirm"))
    _submitted(page)
    yield "join: welcome", page


def managed(place: Place, page: Page, address: str) -> Shown:
    """Each button of the page to manage, with what it says then, and a press that makes no sense."""
    links = place.links(address)
    page.goto(f"{place.base}{links['manage']}")
    for said in ("language", "text", "whole", "address", "export"):
        _pressed(page, f"input[value={said}]")
        yield f"manage: {said}", page
    for said in ("pause", "go_on", "leave", "undo"):
        _pressed(page, f"input[value={said}]")
        yield f"manage: {said}", page
    page.evaluate("document.querySelector('input[value=language]').form.language.value = ''")
    page.evaluate("document.querySelector('input[value=language]').form.language.innerHTML = '<option>x</option>'")
    _pressed(page, "input[value=language]")
    yield "400", page


def moved(place: Place, page: Page, address: str) -> Shown:
    """Another address: mistakes, the letter, both buttons, pressed twice; taken by somebody meanwhile."""
    old, new = address, f"new{time.monotonic_ns()}@example.org"
    form = f"{place.base}{place.links(address)['manage/address']}"
    for typed, name in (("nobody", "wrong"), (old, "same"), (new, "asked")):
        page.goto(form)
        page.locator("#email").fill(typed)
        _submitted(page)
        yield f"address: {name}", page
    move = place.mailed(new, "manage/move")
    page.goto(move)
    yield "move", page
    _submitted(page)
    yield "move: done", page
    page.goto(move)
    yield "move: once more", page
    back = place.mailed(old, "manage/back")
    page.goto(back)
    yield "back", page
    _submitted(page)
    yield "back: done", page
    page.goto(move)
    yield "move: overtaken", page
    taken = f"taken{time.monotonic_ns()}@example.org"
    page.goto(form)
    page.locator("#email").fill(taken)
    _submitted(page)
    link = place.mailed(taken, "manage/move")
    place.desk.shell("subscribers", "add", taken, "--digest", "newsflash", "--confirmed")
    page.goto(link)
    _submitted(page)
    yield "move: taken", page


def left(place: Place, page: Page, address: str) -> Shown:
    """A pause, leaving, taking it back, and everything at once; pressed again, and too late."""
    link = f"{place.base}{place.links(address)['unsubscribe']}"
    page.goto(link)
    _pressed(page, "select[name=pause]")
    yield "leave: paused", page
    _submitted(page)
    yield "leave: left after a pause", page
    page.goto(link)
    yield "leave: left already", page
    page.goto(f"{place.base}{place.links(address)['manage']}")
    yield "manage: of nothing", page
    page.goto(link)
    page.evaluate("document.querySelector('main').innerHTML = '<form method=post><input name=x></form>'")
    _submitted(page)
    yield "leave: pressed again", page
    _pressed(page, "input[name=undo]")
    yield "leave: undone", page
    page.goto(link)
    _pressed(page, "input[name=all]")
    yield "leave: everything", page
    page.evaluate("document.querySelector('input[name=undo]').value = 'x'")
    _pressed(page, "input[name=undo]")
    yield "410", page
    page.goto(link)
    page.evaluate("document.querySelector('main').innerHTML = '<form method=post><input name=x></form>'")
    _submitted(page)
    _pressed(page, "input[name=undo]")


def refused(place: Place, page: Page) -> Shown:
    """What the house does not take: each with a page of its own."""
    form = f"{place.base}/subscribe/newsflash"
    page.goto(place.base)
    page.evaluate("document.querySelector('main').innerHTML = '<form method=post action=\"/\"><input name=x></form>'")
    _submitted(page)
    yield "405", page
    page.goto(form)
    page.evaluate("document.querySelector('#email').value = 'x'.repeat(100000)")
    _submitted(page)
    yield "413", page
    crowd = {"x-forwarded-for": "203.0.113.77"}
    with httpx.Client(trust_env=False, headers=crowd) as others:
        while others.post(form, data={"email": f"u{time.monotonic_ns()}@example.org"}).status_code == 200:
            pass
    page.set_extra_http_headers(crowd)
    page.goto(form)
    page.locator("#email").fill("somebody@example.org")
    _submitted(page)
    yield "429", page
    page.set_extra_http_headers({})


def _pressed(page: Page, field: str) -> None:
    """Send the form that has this field in it."""
    with page.expect_navigation():
        page.evaluate("(field) => document.querySelector(`main ${field}`).form.submit()", field)


def _submitted(page: Page) -> None:
    """Send the form of the page, its first."""
    with page.expect_navigation():
        page.evaluate("document.querySelector('main form').submit()")


def every(place: Place, page: Page, address: str) -> Shown:
    """Every page in the language of one person, in an order in which each is there to be seen.

    The buttons are pressed in English, Spanish and Arabic, which begins at the right.
    """
    language = PEOPLE[address]
    yield from public(place, page, language)
    yield from personal(place, page, address)
    yield from joined(place, page, language)
    if address in (ANA, MARTA, RTL, DEE):
        yield from managed(place, page, address)
        yield from moved(place, page, address)
        yield from left(place, page, address)


def wrong(name: str, page: Page) -> list[str]:
    """What axe finds, what scrolls sideways, and a page without a title."""
    found = [f"{name}: {each}" for each in violations(page)]
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > NARROW["width"]:
        found.append(f"{name}: {wide} px wide")
    if not page.title():
        found.append(f"{name}: no title")
    return found


@pytest.mark.parametrize("address", [address for address in PEOPLE if address != DEE])
def test_axe_finds_nothing_on_any_page(place: Place, browser: Browser, address: str) -> None:
    """As narrow as a telephone, in each language: WCAG 2.2 AA with targets of 24 px, and nothing scrolls sideways."""
    context = _narrow(browser, "light")
    titles: dict[str, str] = {}
    found: list[str] = []
    for name, page in every(place, context.new_page(), address):
        found += wrong(name, page)
        titles[name] = page.title()
    context.close()
    assert [] == found
    distinct = {"join", "confirm", "manage", "unsubscribe", "manage/address", "404", "move", "leave: undone", "410"}
    distinct &= titles.keys()
    assert len(distinct) == len({titles[name] for name in distinct} - {titles["front"]}), titles


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nor_in_the_dark(place: Place, browser: Browser, scheme: str) -> None:
    """In either colours, what is refused among the pages."""
    context = _narrow(browser, scheme)
    page = context.new_page()
    found = [each for name, _ in refused(place, page) for each in wrong(name, page)]
    if scheme == "dark":
        found += [each for name, _ in every(place, page, DEE) for each in wrong(name, page)]
    page.set_content("<img src=x><a href=#>.</a>")
    assert violations(page), "axe itself does not see"
    context.close()
    assert [] == found


def _narrow(browser: Browser, scheme: str) -> BrowserContext:
    return browser.new_context(viewport=NARROW, color_scheme="dark" if scheme == "dark" else "light")
