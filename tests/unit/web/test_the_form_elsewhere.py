"""The form on somebody else's page: what is printed for it, and what comes of a press there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import select

from digest.errors import NotFound, UsageError
from digest.store.schema import notes
from digest.subscribers import flow
from digest.web import asking
from tests.unit.web.conftest import Site

DOCS = Path(__file__).parents[3] / "docs" / "operating.md"
THERE = {
    "origin": "https://www.elsewhere.example",
    "referer": "https://www.elsewhere.example/",
    "sec-fetch-site": "cross-site",
}


def form(html: str) -> LexborHTMLParser:
    """The page of another site with nothing on it but the form."""
    return LexborHTMLParser(f"<!doctype html><html lang=fi><title>Elsewhere</title><body>{html}</body></html>")


def sent(page: LexborHTMLParser) -> tuple[str, str, dict[str, str]]:
    """Method, path and fields of what a browser posts when nothing was typed."""
    found = page.css_first("form")
    assert found
    given = {each.attributes["name"] or "": each.attributes.get("value") or "" for each in found.css("input")}
    method, action = found.attributes["method"] or "", found.attributes["action"] or ""
    assert action.startswith("https://news.example.org/")
    return method, action.removeprefix("https://news.example.org"), given


def owed(site: Site) -> list[tuple[str, str]]:
    async def read() -> list[tuple[str, str]]:
        async with site.house.store.read() as tx:
            return [(row.kind, row.address) for row in await tx.execute(select(notes.c.kind, notes.c.address))]

    return site.run(read())


def test_a_press_on_another_site_asks_for_a_letter(site: Site) -> None:
    """Posted from there, without a cookie: pending, one letter to confirm, in the form's language."""
    method, path, fields = sent(form(asking.snippet(site.house, "newsflash", "es")))
    answer = site.post(path, data={**fields, "email": "bo@example.org"}, headers=THERE)
    assert ("post", 200, "pending") == (method, answer.status_code, site.state("bo@example.org"))
    assert [("confirm", "bo@example.org")] == owed(site)
    assert '<html lang="es"' in answer.text
    assert "es" == site.run(flow.show(site.house.store, "bo@example.org")).subscriber.language


def test_what_the_evidence_quotes_was_shown_there(site: Site) -> None:
    """The very words that the form bears."""
    page = form(asking.snippet(site.house, "newsflash"))
    _, path, fields = sent(page)
    site.post(path, data={**fields, "email": "bo@example.org"}, headers=THERE)
    [standing] = site.run(flow.show(site.house.store, "bo@example.org")).subscriptions
    [wording] = re.findall(r'"wording": "([^"]+)"', standing.evidence)
    assert wording in [each.text() for each in page.css("p")]


def test_it_says_what_its_field_is_and_loads_nothing(site: Site) -> None:
    """A label for what is typed, its language and direction; no script, no style, nothing from another host."""
    for language in ("en", "es", "fr", "de"):
        page = form(asking.snippet(site.house, "newsflash", language))
        whole = page.css_first("form")
        assert whole
        assert (language, "ltr") == (whole.attributes["lang"], whole.attributes["dir"])
        [typed] = [each for each in page.css("input") if each.attributes.get("type") != "hidden"]
        assert ("email", "email") == (typed.attributes["type"], typed.attributes["autocomplete"])
        [label] = page.css(f"label[for={typed.attributes['id']}]")
        assert (True, True) == (bool(label.text().strip()), bool(page.css_first("button").text().strip()))  # type: ignore[union-attr]
        assert [] == page.css("script, style, link, img, iframe, [src], [style], [onsubmit], [target]")


def test_what_was_typed_wrong_there_is_told_here(site: Site) -> None:
    """On the form of ours, with what was typed; nobody is written to."""
    _, path, fields = sent(form(asking.snippet(site.house, "newsflash")))
    answer = site.post(path, data={**fields, "email": "bo@"}, headers=THERE)
    assert (422, True, []) == (answer.status_code, 'value="bo@"' in answer.text, owed(site))


def test_what_is_not_there_is_said(site: Site) -> None:
    """A digest that nobody declared, and a language that we have no words in."""
    with pytest.raises(NotFound, match="newsflash"):
        asking.snippet(site.house, "nothing")
    with pytest.raises(UsageError, match="there are: en, de, es, fr"):
        asking.snippet(site.house, "newsflash", "tlh")


def test_the_papers_show_what_is_printed(site: Site) -> None:
    """docs/operating.md has the form as the command prints it."""
    assert asking.snippet(site.house, "newsflash") in DOCS.read_text("utf-8")
