"""Progress of long work: a bar on a terminal, nothing where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]
"""Called with (done, total)."""


@contextmanager
def bar(words: str) -> Iterator[Progress]:
    """A bar on standard error while the block runs; it appears with the first news of progress."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    drawn = RichProgress(*columns, console=Console(stderr=True), transient=True)
    task = drawn.add_task(words, total=None)

    def advance(done: int, total: int) -> None:
        drawn.start()
        drawn.update(task, completed=done, total=total)

    try:
        yield advance
    finally:
        drawn.stop()
