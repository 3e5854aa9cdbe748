"""The letter as a browser shows it: wide and narrow, light and dark, with nothing broken, cut off or too faint."""

from __future__ import annotations

import html
import json
import re
import secrets
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from digest import templating
from digest.demo import awkward
from digest.demo.gallery import hang
from digest.letter.holes import new_markers
from digest.letter.render import render
from digest.letter.views import SiteView
from tests.browsing import NARROW, program
from tests.builders import Desk

pytestmark = pytest.mark.long

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3."""

# What a browser says of the page: its width, its pictures, and of each text how it stands out from its ground.
LOOK = """<script>
addEventListener('load', () => {
  const parts = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = colour => {
    const [r, g, b] = parts(colour).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = node => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor, [, , , alpha] = parts(colour);
      if (alpha === undefined || alpha === 1) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const seen = {width: document.documentElement.scrollWidth, texts: [], broken: []};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
    if (!text || !node.getClientRects().length || getComputedStyle(node).maxHeight === '0px'
        || ['SCRIPT', 'STYLE'].includes(node.tagName)) continue;
    const [a, b] = [light(getComputedStyle(node).color), light(ground(node))].sort((x, y) => y - x);
    seen.texts.push([text.slice(0, 60), Math.round((a + 0.05) / (b + 0.05) * 100) / 100]);
  }
  for (const each of document.images) if (!each.naturalWidth) seen.broken.push(each.src);
  const said = document.createElement('pre');
  said.id = 'seen';
  said.textContent = JSON.stringify(seen);
  top.document.body.append(said);
});
</script>"""


@dataclass(frozen=True)
class Seen:
    width: int
    texts: tuple[tuple[str, float], ...]
    broken: tuple[str, ...]


@pytest.fixture(scope="module")
def letter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's letter, its pictures beside it."""
    desk = Desk(tmp_path_factory.mktemp("browser"))
    desk.done("demo", "--folder", str(desk.folder / "demo"))
    return desk.folder / "demo" / "newsflash.html"


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every awkward edition as a page."""
    folder = tmp_path_factory.mktemp("gallery")
    hang(folder, (), ("en",))
    return folder


@pytest.mark.parametrize(("width", "scheme"), [(600, "light"), (360, "dark"), (320, "light")])
@pytest.mark.parametrize("case", awkward.editions())
def test_awkward_editions_hold_together(gallery: Path, tmp_path: Path, case: str, width: int, scheme: str) -> None:
    """Whatever an edition holds: as wide as the window, no picture missing, every text to be read, nothing run."""
    seen = looked(gallery / f"{case.replace(' ', '-')}.en.html", tmp_path, width, scheme)
    assert (width, ()) == (seen.width, seen.broken)
    assert [] == [(text, contrast) for text, contrast in seen.texts if contrast < LEAST_CONTRAST]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [600, 360, 320])
def test_nothing_is_broken_cut_off_or_faint(letter: Path, tmp_path: Path, width: int, scheme: str) -> None:
    """No picture is missing, nothing is wider than the window, and every text stands out from its ground."""
    seen = looked(letter, tmp_path, width, scheme)
    assert (width, ()) == (seen.width, seen.broken)
    assert len(seen.texts) > 20
    assert [] == [(text, contrast) for text, contrast in seen.texts if contrast < LEAST_CONTRAST]


def test_the_masthead_breaks_no_word_on_a_telephone(gallery: Path, browser: Browser) -> None:
    """A date as long as dates get stands below the title, not beside it."""
    page = browser.new_page(viewport=NARROW)
    page.set_content((gallery / "full.en.html").read_text("utf-8").replace("26 June 2026", "26 September 2026"))
    title, date = page.locator("h1").bounding_box(), page.locator(".issue").bounding_box()
    page.close()
    assert title
    assert date
    assert (34, True) == (title["height"], date["y"] >= title["y"] + title["height"])


@pytest.mark.parametrize("width", [600, 320])
def test_nor_one_that_is_the_whole_title(browser: Browser, width: int) -> None:
    """It has the line to itself, and smaller letters on a telephone."""
    letter = render(
        replace(awkward.editions()["one item"], title="Mitgliederinformationen"),
        language="de",
        site=SiteView(title="Verband", url="https://news.example.org"),
        environment=templating.environment(()),
        markers=new_markers(secrets.token_hex),
    )
    page = browser.new_page(viewport={"width": width, "height": 640})
    page.set_content(letter.html)
    height, line = page.locator("h1").evaluate("h1 => [h1.offsetHeight, parseFloat(getComputedStyle(h1).lineHeight)]")
    page.close()
    assert height == line


def test_dark_is_dark(letter: Path, tmp_path: Path) -> None:
    """A reader who asked for dark gets other colours, not the light ones."""
    light, dark = (looked(letter, tmp_path, 600, scheme) for scheme in ("light", "dark"))
    assert [text for text, _ in light.texts] == [text for text, _ in dark.texts]
    assert [contrast for _, contrast in light.texts] != [contrast for _, contrast in dark.texts]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_it_is_black(gallery: Path, browser: Browser, scheme: Literal["light", "dark"]) -> None:
    """Also from a dark screen, where its light words would be printed on white; the button, too."""
    page = browser.new_page()
    page.set_content((gallery / "full.en.html").read_text("utf-8"))
    page.emulate_media(media="print", color_scheme=scheme)
    colours = page.locator("h1, h2, h3, p, a").evaluate_all("all => all.map(each => getComputedStyle(each).color)")
    grounds = page.locator(".ground, .card, .button").evaluate_all(
        "all => all.map(each => getComputedStyle(each).backgroundColor)"
    )
    page.close()
    assert ({"rgb(0, 0, 0)"}, {"rgb(255, 255, 255)"}) == (set(colours), set(grounds))


def looked(page: Path, scratch: Path, width: int, scheme: str) -> Seen:
    """What the browser sees of the page at that width."""
    framed = page.with_name("seen.html")
    framed.write_text(page.read_text("utf-8").replace("</body>", f"{LOOK}</body>"), "utf-8")
    # No window is as narrow as a telephone: the letter stands in a frame of that width.
    outer = scratch / "outer.html"
    outer.write_text(
        f'<!doctype html><meta name="color-scheme" content="light dark"><body style="margin:0">'
        f'<iframe id="frame" src="{framed.as_uri()}" style="border:0;width:{width}px;height:4000px"></iframe>'
    )
    command = [
        program(),
        *FLAGS,
        f"--user-data-dir={scratch / 'profile'}",
        "--allow-file-access-from-files",
        f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}",
        f"--window-size={max(width, 800)},4000",
        "--virtual-time-budget=3000",
        "--dump-dom",
        outer.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    said = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert said, done.stderr[-500:]
    found = json.loads(html.unescape(said[1]))
    return Seen(found["width"], tuple((text, contrast) for text, contrast in found["texts"]), tuple(found["broken"]))
