"""What `--json` prints has the names that the papers tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.builders import Desk, folder_source
from tests.fakes import HANG_UP, sinking

PAPER = (Path(__file__).parents[3] / "docs/commands.md").read_text("utf-8")
TOLD = dict(re.findall(r"^\| `([a-z ]+)` \| `([a-z_, ]+)` \|$", PAPER, re.M))
LABEL = "2026-01-03"
ABOUT = {
    "announcements show": ("ONE",),
    "editions show": ("newsflash", LABEL),
    "schedule list": (),
    "subscribers show": ("ada@example.org",),
}


@pytest.mark.long
def test_every_document_has_the_names_that_are_told(desk: Desk) -> None:
    """In their order, each in a house where there is something to list."""
    with sinking() as sink:
        for number in (1, 2):
            desk.write(f"n{number}", f"Number {number}", f"2026-01-0{number}")
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port)
        desk.done("collect")
        for name in ("ada", "bob"):
            desk.done("subscribers", "add", f"{name}@example.org", "--digest", "newsflash", "--confirmed")
        sink.trouble["BODY"] = HANG_UP
        desk.run("editions", "send", "newsflash", "--at", LABEL)
        desk.done("suppressions", "add", "eve@example.org")
        desk.done("schedule", "skip-next", "newsflash")
        for command, names in TOLD.items():
            group = command.split()[0]
            about = ABOUT.get(command, ("newsflash",) if group in ("editions", "schedule") else ())
            if about == ("ONE",):
                about = (desk.done("announcements", "list", "--json").json()[0]["id"],)
            found = desk.run(*command.split(), *about, "--json").json()
            if found or command != "bounces list":
                assert names.split(", ") == list(found[0] if isinstance(found, list) else found), command
