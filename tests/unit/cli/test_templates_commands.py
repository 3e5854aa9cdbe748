"""Templates of one's own, begun and looked at from the command line."""

from __future__ import annotations

from digest.demo import awkward
from digest.letter.check import MAX_HTML
from tests.builders import Desk, folder_source


def test_begun_changed_and_used(desk: Desk) -> None:
    """A folder with the look and the letter; what is changed there shows in the gallery and in the next edition."""
    desk.write("one", "Number one", "2025-05-10")
    desk.declare(sources=folder_source(desk.folder), digest='templates = "templates/ours"')
    made = desk.done("templates", "new", "ours")
    assert 'templates = "templates/ours"' in made.out
    tokens = desk.folder / "templates/ours/tokens.toml"
    tokens.write_text(tokens.read_text().replace("#9A4A16", "#123456"))
    desk.done("templates", "gallery", "--templates", "templates/ours")
    assert "#123456" in (desk.folder / "gallery/full.en.html").read_text()
    desk.done("collect")
    desk.done("editions", "preview", "newsflash", "--out", "letter.html")
    assert "#123456" in (desk.folder / "letter.html").read_text()
    again = desk.run("templates", "new", "ours")
    assert (1, True) == (again.status, "templates/ours: is there already" in again.err)
    assert 2 == desk.run("templates", "new", "../ours").status


def test_the_gallery_has_every_case(desk: Desk) -> None:
    """A page and a text for each, none clipped, and one page that shows them all."""
    desk.done("templates", "gallery", "--out", "g", "--language", "en", "--language", "es")
    index = (desk.folder / "g/index.html").read_text()
    for case in awkward.editions():
        for language in ("en", "es"):
            file = desk.folder / f"g/{case.replace(' ', '-')}.{language}.html"
            assert file.stat().st_size < MAX_HTML
            assert file.with_suffix(".txt").read_text()
            assert file.name in index
    hostile = (desk.folder / "g/hostile.en.html").read_text()
    assert ("<script>" in hostile, "onerror=a()>" in hostile, "{{ 7 * 7 }}" in hostile) == (False, False, True)
