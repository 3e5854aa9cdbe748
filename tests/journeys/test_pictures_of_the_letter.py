"""The letter as it looks, beside how it looked when somebody was last content with it: tests/golden/letter.

What is compared is a coarse grid: another machine's faces move a line here and there, a broken layout moves it all.
`RENEW=1 make test-long T=tests/journeys/test_pictures_of_the_letter.py` takes the pictures anew; look at each.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from digest.demo import awkward
from digest.demo.gallery import hang
from tests.browsing import program
from tests.journeys.test_in_a_browser import FLAGS

pytestmark = pytest.mark.long

GOLDEN = Path(__file__).parents[1] / "golden" / "letter"
WIDE, NARROW, GAP = 600, 360, 20
TALL, USUAL = 5600, 3200
SMALLER = 3
GRID = (48, 96)
MEAN, FAR, MOST_FAR = 7.0, 50, 0.03
"""Of 255: what cells may differ by on average, and by how much only a few may."""
HEIGHT = 0.06
HUES, DULL, MOST_HUES = 12, 40, 0.1
"""Into how many the circle is cut, up to which chroma none counts, and how much of the rest may be of another."""


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every awkward edition as a page."""
    folder = tmp_path_factory.mktemp("gallery")
    hang(folder, (), ("en", "ar"))
    return folder


CASES = [*(f"{case.replace(' ', '-')}.en" for case in awkward.editions()), "full.ar"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("case", CASES)
def test_it_looks_as_it_did(gallery: Path, tmp_path: Path, case: str, scheme: str) -> None:
    """Wide and narrow, light and dark."""
    taken, golden = seen(gallery / f"{case}.html", tmp_path, scheme), GOLDEN / f"{case}.{scheme}.webp"
    if os.environ.get("RENEW"):
        kept = taken.resize((taken.width // SMALLER, taken.height // SMALLER), Image.Resampling.BOX)
        golden.parent.mkdir(parents=True, exist_ok=True)
        kept.save(golden, quality=80, method=6)
    with Image.open(golden) as opened:
        assert "" == unlike(opened.convert("RGB"), taken)


BREAKS = {
    "no styles": (r'style="[^"]*"', ""),
    "no padding": (r"padding-(left|right): \d+px", ""),
    "other colours": ("#9A4A16", "#2A6AD6"),
    "half of it": (r"(?s)(<h2.*?)<h2.*</table>\n<!--\[if mso\]>", r"\1"),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_what_breaks_is_seen(gallery: Path, tmp_path: Path, broken: str) -> None:
    """Whatever else the comparison forgives."""
    page = gallery / f"broken-{broken.replace(' ', '-')}.html"
    page.write_text(re.sub(*BREAKS[broken], (gallery / "full.en.html").read_text("utf-8")), "utf-8")
    with Image.open(GOLDEN / "full.en.light.webp") as opened:
        assert unlike(opened.convert("RGB"), seen(page, tmp_path, "light"))


def test_other_faces_are_forgiven(gallery: Path, tmp_path: Path) -> None:
    """A machine without these faces shows the same letter."""
    page = gallery / "faces.html"
    text = (gallery / "full.en.html").read_text("utf-8")
    page.write_text(text.replace("Georgia, 'Times New Roman', serif", "sans-serif"), "utf-8")
    with Image.open(GOLDEN / "full.en.light.webp") as opened:
        assert "" == unlike(opened.convert("RGB"), seen(page, tmp_path, "light"))


def seen(page: Path, scratch: Path, scheme: str) -> Image.Image:
    """The page wide and narrow beside each other, each cut where it ends."""
    outer, picture = page.with_name("outer.html"), scratch / "seen.png"
    tall = TALL if "sixty" in page.name else USUAL
    frame = f"border:0;float:left;margin-right:{GAP}px;height:{tall}px"
    frames = "".join(f'<iframe src="{page.name}" style="{frame};width:{w}px"></iframe>' for w in (WIDE, NARROW))
    outer.write_text(f'<!doctype html><meta name="color-scheme" content="light dark"><body style="margin:0">{frames}')
    command = [
        program(),
        *FLAGS,
        f"--user-data-dir={scratch / 'profile'}",
        "--allow-file-access-from-files",
        f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}",
        f"--window-size={WIDE + NARROW + 2 * GAP},{tall}",
        "--force-device-scale-factor=1",
        "--virtual-time-budget=3000",
        f"--screenshot={picture}",
        outer.as_uri(),
    ]
    subprocess.run(command, capture_output=True, timeout=60, check=True)
    with Image.open(picture) as opened:
        whole = opened.convert("RGB")
    wide, narrow = whole.crop((0, 0, WIDE, tall)), whole.crop((WIDE + GAP, 0, WIDE + GAP + NARROW, tall))
    return beside(cut(wide), cut(narrow))


def cut(page: Image.Image) -> Image.Image:
    """Without the empty ground below the letter."""
    ground = Image.new("RGB", page.size, page.getpixel((1, page.height - 2)))
    box = ImageChops.difference(page, ground).getbbox()
    return page.crop((0, 0, page.width, min(page.height, box[3] + 30))) if box else page


def beside(wide: Image.Image, narrow: Image.Image) -> Image.Image:
    """On one sheet, the narrow one stretched to the height of neither: what is below the shorter is grey."""
    sheet = Image.new("RGB", (WIDE + GAP + NARROW, max(wide.height, narrow.height)), "#808080")
    sheet.paste(wide, (0, 0))
    sheet.paste(narrow, (WIDE + GAP, 0))
    return sheet


def unlike(golden: Image.Image, taken: Image.Image) -> str:
    """In what a picture differs from the one that was kept, "" where it hardly does."""
    if abs(taken.height / SMALLER / golden.height - 1) > HEIGHT:
        return f"{taken.height} pixels high, not {golden.height * SMALLER}"
    pairs = zip(*(each.resize(GRID, Image.Resampling.BOX).tobytes() for each in (golden, taken)), strict=True)
    apart = [abs(one - other) for one, other in pairs]
    mean, far = sum(apart) / len(apart), sum(each > FAR for each in apart) / len(apart)
    hues = sum(abs(one - other) for one, other in zip(painted(golden), painted(taken), strict=True)) / 2
    wrong = mean > MEAN or far > MOST_FAR or hues > MOST_HUES
    return f"{mean:.1f} apart, {far:.1%} far, {hues:.1%} of other hues" if wrong else ""


def painted(picture: Image.Image) -> list[float]:
    """The share of each hue in what has one, the more vivid the more it counts."""
    small = picture.resize((WIDE // 4, 200), Image.Resampling.BOX).convert("HSV").tobytes()
    weights = [0.0] * HUES
    for at in range(0, len(small), 3):
        hue, saturation, value = small[at : at + 3]
        place, weight = hue * HUES / 256, max(0, saturation * value // 255 - DULL)
        weights[int(place)] += weight * (1 - place % 1)
        weights[(int(place) + 1) % HUES] += weight * (place % 1)
    whole = sum(weights) or 1
    return [weight / whole for weight in weights]
