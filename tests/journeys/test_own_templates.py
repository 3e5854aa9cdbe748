"""Templates of one's own: the look changes at once, and a mistake in them stops at our door."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import Desk, folder_source
from tests.fakes import sinking


@pytest.fixture
def house(desk: Desk) -> Desk:
    """One announcement, one person, and a folder of templates to begin with."""
    desk.write("one", "First", "2025-05-06")
    desk.done("templates", "new", "ours")
    desk.declare(sources=folder_source(desk.folder), digest='templates = "templates/ours"')
    desk.done("collect")
    desk.done("subscribers", "add", "ana@example.org", "--digest", "newsflash", "--confirmed")
    return desk


def letter(house: Desk) -> Path:
    return house.folder / "templates" / "ours" / "email" / "digest" / "letter.html"


@pytest.mark.parametrize(
    ("slip", "words"),
    [
        ("{{ edition.nothing.here }}", "nothing"),
        pytest.param("{% if %}", "Expected an expression", marks=pytest.mark.long),
        pytest.param("<script>alert(1)</script>", "it has a <script>", marks=pytest.mark.long),
        pytest.param(
            '<img src="https://elsewhere.example/pixel.gif" width="1" alt="">', "tracking pixel", marks=pytest.mark.long
        ),
    ],
)
def test_a_mistake_reaches_nobody(house: Desk, slip: str, words: str) -> None:
    """Preview, compose and send say where it is; nothing is sealed or sent, and mended it all goes on."""
    whole = letter(house).read_text()
    letter(house).write_text(whole.replace("{% block content %}", f"{{% block content %}}\n{slip}"))
    with sinking() as sink:
        config = house.config.read_text().replace('smtp://127.0.0.1:1"', f'smtp://127.0.0.1:{sink.port}"')
        house.config.write_text(config)
        for command in ("preview", "compose", "send"):
            ran = house.run("editions", command, "newsflash")
            assert (True, True) == (ran.status in (1, 2), words in ran.err), ran
        assert ([], []) == (house.done("editions", "list", "--json").json(), sink.accepted)
        letter(house).write_text(whole.replace("{% block content %}", "{% block content %}\n<tr><td>Ours</td></tr>"))
        house.done("editions", "send", "newsflash")
    [raw] = sink.of("ana@example.org")
    assert b">Ours<" in raw


def test_a_template_that_is_not_ours_stands_in(house: Desk) -> None:
    """File by file: without its text template, a folder of one's own takes the house's."""
    (letter(house).with_name("letter.txt")).unlink()
    shown = house.done("editions", "preview", "newsflash")
    assert "Unsubscribe:" in shown.out
