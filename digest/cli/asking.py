"""What sending by hand asks before, and says after."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from digest.cli.output import say
from digest.errors import UsageError

if TYPE_CHECKING:
    from digest.service.sending import Sent


def asking(yes: bool) -> Callable[[str], bool]:
    """Says what is about to happen; on a terminal somebody has to agree, and who turns away has not."""

    def ask(words: str) -> bool:
        say(words)
        if yes or not sys.stdin.isatty():
            return True
        try:
            return typer.confirm("Send it?", default=False)
        except typer.Abort:
            return False

    return ask


def waiting(text: str | None) -> float | None:
    """Seconds; from a pipe nobody is there to wait for."""
    from digest.settings.quantities import duration

    if text is None:
        return None if sys.stdin.isatty() else 0.0
    try:
        return duration(text).total_seconds()
    except ValueError as error:
        raise UsageError(str(error), about="--grace") from None


def tell(report: Sent) -> None:
    """Say what was sent; exit 1 where anything is still owed or uncertain."""

    say(report.words)
    if not report.settled:
        raise typer.Exit(1)
