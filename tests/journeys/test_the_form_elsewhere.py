"""The form to subscribe on another site's page, in a real browser without JavaScript."""

from __future__ import annotations

import sqlite3

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browsing import NARROW, violations
from tests.place import Place

pytestmark = pytest.mark.long

DECLARED = 'action="http://127.0.0.1:8080/'
"""Where the site is declared to be; a test's own port is another."""
ELSEWHERE = "http://www.elsewhere.example/"
PAGE = """<!doctype html><html lang="fi"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Elsewhere</title><main><h1>Elsewhere</h1>{form}</main></html>"""


@pytest.fixture(scope="module")
def forms(place: Place) -> dict[str, str]:
    """The form in each language: printed before there is a browser, whose driver has this thread's loop."""
    form = ("subscribers", "form", "newsflash", "--language")
    return {language: place.desk.done(*form, language).out for language in ("en", "es", "fr", "de")}


def shown(page: Page, html: str) -> list[str]:
    """Open another site's page with the form in it; gives what the browser then asked for."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=PAGE.format(form=html), content_type="text/html; charset=utf-8")

    page.route("**/*", answer)
    page.goto(ELSEWHERE)
    page.unroute("**/*")
    return asked


def test_axe_finds_nothing_wrong_with_it(forms: dict[str, str], browser: Browser) -> None:
    """As it is printed, unstyled, in a narrow window; the browser asks for the page and nothing else."""
    context = browser.new_context(viewport=NARROW)
    page = context.new_page()
    for form in forms.values():
        asked = shown(page, form)
        assert ([ELSEWHERE], []) == ([url for url in asked if "favicon" not in url], violations(page))
    context.close()


def test_a_press_there_ends_in_a_letter(place: Place, forms: dict[str, str], browser: Browser) -> None:
    """By keyboard alone: typed, Enter, our page of what comes next; a row that waits, and the link that confirms."""
    context = browser.new_context(viewport=NARROW, java_script_enabled=False)
    page = context.new_page()
    shown(page, forms["es"].replace(DECLARED, f'action="{place.base}/'))
    page.keyboard.press("Tab")
    page.keyboard.type("liv@example.org")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert (f"{place.base}/subscribe/newsflash", "es") == (page.url, page.locator("html").get_attribute("lang"))
    assert "pending" == state(place, "liv@example.org")
    page.goto(place.mailed("liv@example.org", "confirm"))
    with page.expect_navigation():
        page.get_by_role("button").click()
    assert "confirmed" == state(place, "liv@example.org")
    context.close()


def state(place: Place, address: str) -> str:
    with sqlite3.connect(place.desk.folder / "var/digest.db") as ledger:
        query = "select state from subscriptions join subscribers on id = subscriber_id where email_norm = ?"
        [found] = ledger.execute(query, (address,)).fetchone()
    return str(found)
