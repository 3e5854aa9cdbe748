"""Every property of the letter's CSS against what mail clients make of it.

The table is field knowledge, as caniemail.com keeps it: whom a property fails, and what is left then. A property that
is not in the table is not used; one that fails somebody must leave a letter that reads well without it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

import pytest

from digest import templating
from digest.demo import awkward
from digest.letter.holes import new_markers
from digest.letter.render import render
from digest.letter.views import SiteView

ALL = ""
WORD = "Outlook for Windows (Word)"

INLINE = {
    "background-color": ALL,
    "border": ALL,
    "border-collapse": ALL,
    "border-radius": f"{WORD}: corners are square",
    "border-spacing": f"{WORD}: cellspacing of the table counts, which is none",
    "color": ALL,
    "color-scheme": "all but Apple and Outlook for Mac: light",
    "display": ALL,
    "font-family": ALL,
    "font-size": ALL,
    "font-weight": ALL,
    "height": ALL,
    "letter-spacing": ALL,
    "line-height": ALL,
    "margin": ALL,
    "margin-top": ALL,
    "max-height": f"{WORD}: mso-hide hides the preheader",
    "max-width": f"{WORD}: a table of 600 pixels stands in a conditional comment",
    "mso-hide": f"all but {WORD}, who alone need it",
    "opacity": f"{WORD}: mso-hide hides the preheader",
    "outline": f"{WORD}: pictures have no outline there",
    "overflow": f"{WORD}: mso-hide hides the preheader",
    "padding": ALL,
    "padding-bottom": ALL,
    "padding-left": ALL,
    "padding-right": ALL,
    "padding-top": ALL,
    "supported-color-schemes": "all but older Apple: color-scheme says it",
    "text-align": ALL,
    "text-decoration": ALL,
    "text-decoration-color": f"Gmail, {WORD}: the line has the colour of its words",
    "text-transform": ALL,
    "vertical-align": ALL,
    "white-space": f"{WORD}: a bar's number may break",
    "width": ALL,
    "word-break": f"{WORD}: word-wrap does it",
    "word-wrap": ALL,
    "-ms-text-size-adjust": "all but Windows phones, who alone need it",
    "-webkit-text-size-adjust": "all but Apple phones, who alone need it",
}
BLOCK = {
    *("background-color", "border-color", "color", "color-scheme", "display", "max-width", "padding-bottom"),
    *("-webkit-print-color-adjust", "font-size", "line-height", "print-color-adjust"),
    *("padding-left", "padding-right", "padding-top", "supported-color-schemes", "text-align", "text-decoration"),
    *("text-decoration-color", "white-space", "width", "word-break", "word-wrap", "mso-line-height-rule"),
}
"""In a style block: refinements for the phone, the dark and paper. Without it, as in some apps, the letter is whole."""
DISPLAYS = {"block", "inline-block", "none"}
BARRED = re.compile(
    r"\b(?:calc|var|env|clamp|min|max|url)\(|@import|@font-face|\bflex\b|\bgrid\b|\bposition\s*:|\bfloat\s*:"
)
SITE = SiteView(title="Metals Mark News", url="https://news.example.org", postal_address="1 Smelter Lane")


@pytest.fixture(scope="module", params=["en", "ar"])
def pages(request: pytest.FixtureRequest) -> dict[str, str]:
    """The HTML of every awkward edition, from left to right and from right to left."""
    environment = templating.environment(())

    def html(case: str) -> str:
        markers = new_markers(secrets.token_hex)
        snapshot = awkward.editions()[case]
        return render(snapshot, language=request.param, site=SITE, environment=environment, markers=markers).html

    return {case: html(case) for case in awkward.editions()}


def inline(html: str) -> Iterator[tuple[str, str]]:
    for style in re.findall(r'\bstyle="([^"]*)"', html):
        for declaration in filter(None, map(str.strip, style.split(";"))):
            name, _, value = declaration.partition(":")
            yield name.strip(), value.strip()


def blocks(html: str) -> str:
    return "\n".join(re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL))


def test_only_what_clients_know_or_do_without(pages: dict[str, str]) -> None:
    """Each property in use is in the table, whether inline or in a block."""
    used = {name for html in pages.values() for name, _ in inline(html)}
    assert set() == used - set(INLINE)
    refined = {
        name for html in pages.values() for name in re.findall(r"[{;]\s*([a-z-]+)\s*:", blocks(html).replace("\n", ""))
    }
    assert set() == refined - BLOCK


def test_nothing_that_breaks_a_layout(pages: dict[str, str]) -> None:
    """No flex, grid, position, float, functions, imports or fonts from afar; displays that all know."""
    styles = [value for html in pages.values() for value in (blocks(html), *(f"{n}: {v}" for n, v in inline(html)))]
    assert [] == [style[:80] for style in styles if BARRED.search(style)]
    assert {value for html in pages.values() for name, value in inline(html) if name == "display"} <= DISPLAYS


def test_word_has_tables_to_hold_on_to(pages: dict[str, str]) -> None:
    """A ghost table of 600 pixels, opened and closed alike; layout tables say that they are no data."""
    for html in pages.values():
        assert html.count("<!--[if mso]>") == html.count("<![endif]-->")
        assert '<!--[if mso]><table role="presentation" width="600"' in html
        visible = re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)
        assert visible.count("<table") == visible.count('role="presentation"')


def test_it_is_an_article_with_a_name_inside_whatever_shows_it(pages: dict[str, str]) -> None:
    """Clients cut off html and body: language, direction and the name for assistive technology are said once more."""
    for html in pages.values():
        whole, letter = (
            dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
            for tag in re.findall(r'<(?:html|div)[^>]* lang="[^>]*>', html)
        )
        assert (whole["lang"], whole["dir"], "article") == (letter["lang"], letter["dir"], letter["role"])
        assert f"<title>{letter['aria-label']}</title>" in html


def test_the_preheader_is_hidden_from_everybody(pages: dict[str, str]) -> None:
    """Its filler is said by no screen reader, and it shows in no client."""
    for html in pages.values():
        [style] = re.findall(r'class="preheader" style="([^"]*)"', html)
        assert {"display: none", "mso-hide: all"} <= set(map(str.strip, style.split(";")))
        assert '<span aria-hidden="true">' in html
