"""What commands print: plain tables for people, one JSON document for programs, errors on their own stream."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from io import BufferedWriter, FileIO, TextIOWrapper
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer
    from rich.console import Console

FITTED = 1_000
"""Rows that are laid out to fit a terminal; nobody reads more of them, and each takes a millisecond."""
_GAP = 2
_SHORT = 12
"""Columns; a word of that length in pieces is none."""


def console(*, error: bool = False) -> Console:
    """A Rich console that reads no markup in what it is given."""
    from rich.console import Console

    return Console(stderr=error, markup=False, highlight=False, emoji=False, soft_wrap=not sys.stdout.isatty())


def safe(text: object) -> str:
    """What a stranger wrote, harmless to a terminal: no control, no escape sequence, no direction override."""
    said = str(text)
    return said if said.isprintable() else "".join(char if _harmless(char) else " " for char in said)


def _harmless(char: str) -> bool:
    return char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or char in "\u200d\u200c"


def say(text: str = "") -> None:
    """One line, made safe, to standard output."""
    console().print(safe(text))


def complain(text: str) -> None:
    """One line, made safe, to standard error."""
    console(error=True).print(safe(text), style="bold red" if sys.stderr.isatty() else "")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "Nothing yet.") -> None:
    """A table of stranger-proof cells, or a sentence when there is none; a short one fits the terminal."""
    listed = [[safe(shown(cell)) for cell in row] for row in rows]
    if not listed:
        say(empty)
    elif sys.stdout.isatty() and len(listed) <= FITTED:
        _fitted(columns, listed)
    else:
        sys.stdout.writelines(_plain([columns, *listed]))


def _fitted(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """As wide as the terminal: long cells are folded, but not what is short, or is there to be copied.

    Where it is too narrow for all, a column that says nothing in any row is left out.
    """
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    wide = console()
    widths = [max(map(cell_len, cells)) for cells in zip(columns, *rows, strict=True)]
    tight = sum(widths) + _GAP * (len(widths) - 1) > wide.width
    kept = [at for at in range(len(columns)) if not tight or any(row[at] not in ("", "0") for row in rows)]
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
    for at in kept:
        grid.add_column(columns[at], overflow="fold", no_wrap=columns[at] == "Id" or widths[at] <= _SHORT)
    for row in rows:
        grid.add_row(*(Text(row[at]) for at in kept))
    wide.print(grid)


def _plain(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The same for a file or a program, a line for each row however long: fifty thousand of them take no minute."""
    from rich.cells import cell_len

    split = [[cell.split("\n") for cell in row] for row in rows]
    widths = [max(cell_len(line) for cell in column for line in cell) for column in zip(*split, strict=True)]
    for row in split:
        for parts in zip_longest(*row, fillvalue=""):
            padded = (part + " " * (wide - cell_len(part)) for part, wide in zip(parts, widths, strict=True))
            yield "  ".join(padded).rstrip() + "\n"


def emit(value: object, *, indent: int | None = 2) -> None:
    """One JSON document (RFC 8259), UTF-8 whatever the terminal speaks."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    json.dump(value, sys.stdout, ensure_ascii=False, indent=indent, default=_json)
    sys.stdout.write("\n")


class _Unheard(FileIO):
    """A stream whose reader may go away (`| head`), or its disk be full: what is lost so ends no command."""

    why = ""
    """Why it could not be written; a reader who went away has read enough."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            pass
        except OSError as error:
            self.why = error.strerror or str(error)
        return memoryview(data).nbytes


def lenient() -> None:
    """No output ends a command: where a letter is lacking a question mark stands, and where nobody reads, nothing."""
    sys.stdout, sys.stderr = _lenient(sys.stdout), _lenient(sys.stderr)


def _lenient(stream: TextIO | None) -> TextIO:
    if stream is None:
        return Path(os.devnull).open("w")
    if stream not in (sys.__stdout__, sys.__stderr__) or not isinstance(stream, TextIOWrapper):
        return stream
    raw, at_once = _Unheard(stream.fileno(), "w", closefd=False), stream.line_buffering or stream.write_through
    return TextIOWrapper(BufferedWriter(raw), encoding=stream.encoding, errors="replace", line_buffering=at_once)


def unwritten() -> str:
    """Why not all of standard output is where it was to go; "" where it is, or where its reader went away."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.why if isinstance(raw, _Unheard) else ""


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
