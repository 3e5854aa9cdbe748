"""What an edit does to an announcement that was sent: nothing, or its title in the next edition."""

from __future__ import annotations

import pytest

from tests.builders import Desk, folder_source


@pytest.mark.long
@pytest.mark.parametrize(("updates", "named"), [("ignore", False), ("list", True)])
def test_an_edit_is_listed_once(desk: Desk, updates: str, named: bool) -> None:
    """Under "Updated since", beside what is new; an edit alone makes no edition, and the one after names it no more."""
    desk.write("one", "One", "2025-05-01")
    desk.declare(sources=folder_source(desk.folder), digest=f'updates = "{updates}"')
    desk.done("collect")
    desk.done("editions", "compose", "newsflash")
    path = next(desk.folder.rglob("one.md"))
    path.write_text(path.read_text().replace("One", "One, corrected"))
    desk.done("collect")
    assert "nothing new" in desk.done("editions", "preview", "newsflash").out
    desk.write("two", "Two", "2025-05-02")
    desk.done("collect")
    shown = desk.done("editions", "preview", "newsflash", "--json").json()
    assert (1, named, named) == (
        len(shown["items"]),
        "Updated since" in shown["text"],
        "One, corrected" in shown["text"],
    )
    desk.done("editions", "compose", "newsflash")
    desk.write("three", "Three", "2025-05-03")
    desk.done("collect")
    assert "Updated since" not in desk.done("editions", "preview", "newsflash", "--json").json()["text"]
