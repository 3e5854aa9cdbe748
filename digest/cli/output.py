"""What commands print: plain tables for people, one JSON document for programs, errors on their own stream."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def console(*, error: bool = False) -> Console:
    """A Rich console that reads no markup in what it is given."""
    from rich.console import Console

    return Console(stderr=error, markup=False, highlight=False, emoji=False, soft_wrap=not sys.stdout.isatty())


def safe(text: object) -> str:
    """What a stranger wrote, harmless to a terminal: no control, no escape sequence, no direction override."""
    return "".join(char if _harmless(char) else " " for char in str(text))


def _harmless(char: str) -> bool:
    return char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or char in "\u200d\u200c"


def say(text: str = "") -> None:
    """One line, made safe, to standard output."""
    console().print(safe(text))


def complain(text: str) -> None:
    """One line, made safe, to standard error."""
    console(error=True).print(safe(text), style="bold red" if sys.stderr.isatty() else "")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "Nothing yet.") -> None:
    """A table of stranger-proof cells, or a sentence when there is none."""
    from rich.table import Table
    from rich.text import Text

    listed = [[Text(safe(shown(cell))) for cell in row] for row in rows]
    if not listed:
        say(empty)
        return
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in listed:
        grid.add_row(*row)
    wide = console()
    if not sys.stdout.isatty():
        wide.width = 200
    wide.print(grid)


def emit(value: object) -> None:
    """One JSON document (RFC 8259), UTF-8."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=_json)
    sys.stdout.write("\n")


def shown(value: object) -> str:
    """A cell: instants in UTC to the minute, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _json(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
