"""What the demo came to, on one screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from digest.demo.journey import Travelled


def tell(done: Travelled) -> None:
    """Print the report; nothing in it is markup."""
    console = Console(markup=False, highlight=False, emoji=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = 110
    console.print(Panel(_grid(done), title="Digest: announcements in, feeds and a Newsflash out", padding=(1, 2)))


def _grid(done: Travelled) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, words in _lines(done):
        grid.add_row(Text(name), Text(words))
    return grid


def _lines(done: Travelled) -> Iterator[tuple[str, str]]:
    for report in done.collected:
        state = report.error or f"{report.seen} seen, {report.new} new"
        yield "Collected" if report is done.collected[0] else "", f"{report.source}: {state}"
    yield "", f"and again: {done.again} new"
    yield "Folded", f"{done.announcements} announcements, {done.several} of them told by more than one source"
    yield "Published", f"{len(done.feeds)} feed documents; polled: {done.polled[0]}, then {done.polled[1]} (unchanged)"
    for number, line in enumerate(done.editions):
        yield "" if number else "Editions", line
    yield "Sent", done.sent
    languages = ", ".join(f"{count} in {language}" for language, count in sorted(done.languages.items()))
    yield "", f"{done.mails} mails in the inbox: {languages}"
    yield "Left", done.left
    yield "", ""
    yield "Feeds", _list(done.feeds)
    yield "Mail", "\n".join(str(path) for path in (done.letter, done.page, done.picture) if path)
    yield "Look around", f"digest --config {done.folder}/digest.toml editions list"
    yield "", f"pages {done.addresses['pages']}, site {done.addresses['site']}{'' if done.stays else ' (with --serve)'}"
    if done.stays:
        yield "", f"letters come to {done.folder}/mail; Ctrl-C ends it"
    yield "Took", f"{done.seconds:.1f} s"


def _list(paths: tuple[Path, ...]) -> str:
    return "\n".join(str(path) for path in paths)
