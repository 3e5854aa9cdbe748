"""What sending by hand asks before, and says after."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from digest.service.sending import Sent


def asking(yes: bool) -> Callable[[str], bool]:
    """Says what is about to happen; on a terminal somebody has to agree, and who turns away has not."""
    from digest.cli.output import say

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
    from digest.errors import UsageError
    from digest.settings.quantities import duration

    if text is None:
        return None if sys.stdin.isatty() else 0.0
    try:
        return duration(text).total_seconds()
    except ValueError as error:
        raise UsageError(str(error), about="--grace") from None


def tell(report: Sent) -> None:
    from digest.cli.output import say

    say(report.words)
    if not report.settled:
        raise typer.Exit(1)
