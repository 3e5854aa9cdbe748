"""A picture of the letter, where a browser is at hand."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 20.0
_WINDOW = "680,3000"
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def browser() -> str | None:
    """The first browser there is, by path."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


async def photograph(page: Path) -> Path | None:
    """A PNG of the page beside it; None without a browser, or when it does not answer in time."""
    program = browser()
    if program is None:
        return None
    target = page.with_suffix(".png")
    whole, address = _places(page)
    with tempfile.TemporaryDirectory() as profile:
        process = await asyncio.create_subprocess_exec(
            program,
            *_QUIET,
            f"--user-data-dir={profile}",
            f"--window-size={_WINDOW}",
            f"--screenshot={whole}",
            address,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()
    if not target.is_file():
        return None
    _crop(target)
    return target


def _places(page: Path) -> tuple[Path, str]:
    """Where the picture goes, and the page's address for a browser that knows no working directory of ours."""
    whole = page.absolute()
    return whole.with_suffix(".png"), whole.as_uri()


def _crop(picture: Path) -> None:
    """Cut the empty ground below the letter."""
    from PIL import Image, ImageChops

    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    ground = Image.new("RGB", image.size, image.getpixel((1, image.height - 2)))
    box = ImageChops.difference(image, ground).getbbox()
    if box:
        image.crop((0, 0, image.width, min(image.height, box[3] + 40))).save(picture, optimize=True)
