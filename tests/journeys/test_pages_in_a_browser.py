"""The pages for people as a browser shows them, without JavaScript, by keyboard, and to who cannot see them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browsing import NARROW
from tests.builders import Desk
from tests.place import Place, plain

pytestmark = pytest.mark.long


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A narrow window without JavaScript."""
    context = browser.new_context(viewport=NARROW, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_forced_colours_keep_what_is_pressed_and_focused_visible(place: Place, browser: Browser) -> None:
    """Buttons, notices and bars keep an edge of their own, and the focus an outline."""
    context = browser.new_context(viewport=NARROW, forced_colors="active")
    page = context.new_page()
    page.goto(f"{place.base}{place.links()['manage']}")
    edges = "(node) => [getComputedStyle(node).borderTopStyle, parseFloat(getComputedStyle(node).borderTopWidth) > 0]"
    for button in page.get_by_role("button").all():
        assert ["solid", True] == button.evaluate(edges)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert "solid" == page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.goto(f"{place.base}/editions/newsflash/2025-05-30")
    assert ["solid", True] == page.locator("progress").first.evaluate(edges)
    context.close()


def test_right_to_left_begins_at_the_right(place: Place, browser: Browser) -> None:
    """The page is mirrored by its language alone."""
    context = browser.new_context(viewport={"width": 900, "height": 640})
    page = context.new_page()
    page.goto(f"{place.base}{place.links('rtl@example.org')['manage']}")
    box = page.get_by_role("heading", level=1).bounding_box()
    start = page.evaluate("getComputedStyle(document.querySelector('h1')).direction")
    mark = page.locator(".mark").bounding_box()
    assert box
    assert mark
    assert ("rtl", True) == (start, mark["x"] > 450)
    context.close()


def pressed(page: Page, name: str) -> None:
    """Go there by Tab alone, and press Enter."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if name in focused(page):
            entered(page)
            return
    raise AssertionError(f"the keyboard does not come to {name!r}")


def entered(page: Page) -> None:
    """Press Enter, and wait for where it leads."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def typed(page: Page, text: str) -> None:
    """Go to the field by Tab, and write."""
    for _ in range(10):
        page.keyboard.press("Tab")
        if focused(page).startswith("textbox"):
            page.keyboard.type(text)
            return
    raise AssertionError("the keyboard does not come to the field")


def focused(page: Page) -> str:
    """What the accessibility tree says has the focus: role and name."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    for node in nodes:
        said = {each["name"]: each["value"].get("value") for each in node.get("properties", ())}
        if said.get("focused") and node["role"]["value"] != "RootWebArea":
            return f"{node['role']['value']} {node.get('name', {}).get('value', '')}"
    return ""


def test_the_whole_way_by_keyboard_alone(place: Place, page: Page) -> None:
    """Join, mend a mistake, confirm, manage, change the address, leave and come back: Tab, Enter and letters."""
    page.goto(f"{place.base}/")
    pressed(page, "Subscribe to Newsflash")
    assert "Subscribe to Newsflash - Metals Mark" == page.title()
    typed(page, "kim@example")
    entered(page)
    assert page.title().startswith("Error: ")
    assert "alert" in focused(page)
    pressed(page, "look at the address again")
    assert focused(page).startswith("textbox")
    page.keyboard.press("Control+A")
    page.keyboard.type("kim@example.org")
    entered(page)
    assert page.title().startswith("Look in your inbox")
    page.goto(place.mailed("kim@example.org", "confirm"))
    pressed(page, "Confirm my subscription")
    assert page.title().startswith("Welcome")
    pressed(page, "Manage your subscription")
    pressed(page, "Change my address")
    page.goto(place.mailed("kim@example.org", "manage/address"))
    typed(page, "kim@new.example.org")
    entered(page)
    page.goto(place.mailed("kim@new.example.org", "manage/move"))
    pressed(page, "Confirm my new address")
    assert page.title().startswith("Your address is changed")
    page.goto(f"{place.base}{place.links('kim@new.example.org')['unsubscribe']}")
    pressed(page, "button Unsubscribe")
    assert page.title().startswith("You have left Newsflash")
    pressed(page, "Keep sending it to me")
    assert page.title().startswith("You still get Newsflash")
    page.goto(place.mailed("kim@example.org", "manage/back"))
    pressed(page, "Take it back")
    assert page.title().startswith("It is as it was")


def test_the_whole_way_by_what_things_are_called(place: Place, page: Page) -> None:
    """By role and name alone, as a screen reader goes: in Spanish, each page with one heading that its title says."""

    def heard(beginning: str) -> None:
        headings = page.get_by_role("heading", level=1)
        assert (1, True) == (headings.count(), page.title().startswith(beginning)), page.title()
        assert headings.inner_text().startswith(beginning.removeprefix("Error: "))
        assert 1 == page.get_by_role("main").count()

    page.goto(f"{place.base}/subscribe/newsflash?lang=es")
    page.get_by_role("textbox", name="Su dirección de correo").fill("luz")
    page.get_by_role("button", name="Suscribirse").click()
    heard("Error: Suscribirse a Newsflash")
    assert page.get_by_role("alert").get_by_role("link", name="Revise la dirección").count() == 1
    page.get_by_role("textbox", name="Su dirección de correo").fill("luz@example.org")
    page.get_by_role("button", name="Suscribirse").click()
    heard("Mire en su buzón")
    page.goto(place.mailed("luz@example.org", "confirm"))
    page.get_by_role("button", name="Confirmar mi suscripción").click()
    heard("Le damos la bienvenida a Newsflash")
    page.goto(f"{place.base}{place.links('luz@example.org')['manage']}")
    page.get_by_role("button", name="Pausar tres meses Newsflash").click()
    assert "en pausa" in page.get_by_role("status").inner_text()
    page.get_by_role("combobox", name="Idioma").select_option("de")
    page.get_by_role("button", name="Cambiar idioma").click()
    heard("Ihr Abonnement")
    page.goto(f"{place.base}{place.links('luz@example.org')['unsubscribe']}")
    page.get_by_role("button", name="Alles von uns abbestellen").click()
    heard("Sie haben alles abbestellt")
    page.get_by_role("button", name="Weiter an mich senden").click()
    heard("Sie bekommen Newsflash weiterhin")


def test_a_scanner_that_runs_every_link_changes_nothing(place: Place, browser: Browser) -> None:
    """With JavaScript, each address in the letter and in each note is opened and waited for; nothing moves."""
    desk = place.desk
    raws = [raw for to in ("marta@example.org", "kim@example.org", "kim@new.example.org") for raw in place.sink.of(to)]
    links = {link for raw in raws for link in re.findall(r"https?://127\.0\.0\.1:8080(/[^\s>\"]+)", plain(raw))}
    links |= {link for raw in raws for link in re.findall(r"127\.0\.0\.1:8080(/unsubscribe/[^>]+)>", raw.decode())}
    before = _ledger(desk)
    context = browser.new_context()
    page = context.new_page()
    for link in sorted(links):
        page.goto(f"{place.base}{link}", wait_until="networkidle")
    context.close()
    assert {"unsubscribe", "manage"} <= {link.split("/")[1] for link in links}
    assert before == _ledger(desk)


def _ledger(desk: Desk) -> list[object]:
    """Everybody, and where they stand."""
    tables = ("subscribers", "subscriptions", "address_changes", "suppressions", "audit", "bounces")
    with sqlite3.connect(desk.folder / "var/digest.db") as ledger:
        return [ledger.execute(f"select * from {table} order by 1, 2").fetchall() for table in tables]
