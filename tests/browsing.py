"""A real browser for tests: Chromium as it is installed, driven by Playwright, which downloads nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from digest.demo.picture import BROWSERS

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""What axe looks for: WCAG 2.2 AA, target sizes among it, and what is merely good."""

NARROW: ViewportSize = {"width": 320, "height": 640}
"""A telephone, and a window of 1,280 px at 400 % (WCAG 2.2, 1.4.10)."""


def program() -> str:
    """The one named by TEST_BROWSER, or one at hand; without any, the report says what nobody looked at."""
    named = os.environ.get("TEST_BROWSER", "")
    if named and named != "missing":
        return named
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("NO BROWSER: nobody looked at it")
    return found


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser until the block ends."""
    path = program()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-quic"])
        try:
            yield browser
        finally:
            browser.close()


def violations(page: Page) -> list[str]:
    """What axe finds wrong with a page: rule and element, a line each."""
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]
