"""The guided run does the whole main job in its own folder, and gives the same twice."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

END = "╰" + "─" * 108 + "╯\n"
"""The last line of a report that is no terminal's."""


def demo(folder: Path) -> str:
    command = [sys.executable, "-m", "digest", "demo", "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout


@pytest.mark.long
def test_twice_the_same(tmp_path: Path) -> None:
    """Fifty mails as received, the feeds, the letter as a page; the second report differs in time alone."""
    folder = tmp_path / "demo"
    first, second = demo(folder), demo(folder)
    suffixes = [path.suffix for path in folder.rglob("*")]
    assert (50, 2, 2, 2) == tuple(suffixes.count(kind) for kind in (".eml", ".atom", ".rss", ".json"))
    assert (folder / "newsflash.html").is_file()
    assert _said(first) == _said(second)
    for words in (
        "42 seen",
        "38 announcements",
        "200, then 304",
        "50 accepted",
        "38 in en, 12 in es",
        "now unsubscribed",
    ):
        assert words in first


@pytest.mark.long
def test_left_running_it_answers_whoever_subscribes(tmp_path: Path) -> None:
    """The letter to confirm comes to the folder that the report names, and nobody else gets anything more."""
    command = [sys.executable, "-m", "digest", "demo", "--serve", "--folder", str(tmp_path / "demo")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            report = "".join(iter(running.stdout.readline, END))
            pages = re.search(r"pages (http://[\d.:]+)", report)
            assert pages
            assert "Ctrl-C" in report
            httpx.post(f"{pages[1]}/subscribe/newsflash", data={"email": "me@example.org"}).raise_for_status()
            letter = tmp_path / "demo/mail/me@example.org.eml"
            began = time.monotonic()
            while not letter.exists():
                assert time.monotonic() - began < 60
                time.sleep(0.05)
            assert 51 == len(list(letter.parent.glob("*.eml")))
        finally:
            running.send_signal(signal.SIGINT)
    assert 0 == running.returncode


@pytest.mark.long
def test_it_empties_no_folder_but_its_own(tmp_path: Path) -> None:
    """A folder with something in it that is not a demo's is refused by name, and left as it is."""
    (tmp_path / "precious").write_text("keep me")
    command = [sys.executable, "-m", "digest", "demo", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (2, True) == (done.returncode, str(tmp_path) in done.stderr)
    assert "keep me" == (tmp_path / "precious").read_text()


def _said(report: str) -> list[str]:
    """Its words, but for how long it took, and which ports were free."""
    return re.sub(r"\d+\.\d s|(?<=127\.0\.0\.1):\d+", "", report).split()
