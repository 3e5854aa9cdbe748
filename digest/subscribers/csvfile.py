"""A CSV of subscribers, line by line: each is read or refused, and a broken one never takes others with it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from digest.errors import UsageError
from digest.subscribers import address as addresses
from digest.subscribers.address import Address, Refused

COLUMNS = ("email", "name", "language")

_MANGLED = re.compile("[\x00\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Line:
    """A good line; `number` counts from 1, the header included."""

    number: int
    address: Address
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A bad one: its address as it stands there, and why it is not taken."""

    number: int
    address: str
    why: str


def read(path: Path) -> Iterator[Line | RefusedLine]:
    """Read UTF-8 (with or without byte order mark), parted by commas or semicolons, a header first.

    Raises UsageError for a file that cannot be opened or has no such header.
    """
    try:
        # What is not UTF-8 becomes lone surrogates: one bad line is refused, the others are read.
        file = path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        raise UsageError(error.strerror or str(error), about=str(path)) from error
    with closing(file):
        rows = _rows(file, path)
        header = next(rows, (1, []))[1]
        columns = _columns(header, path)
        yield from (_line(number, row, columns) for number, row in rows if any(cell.strip() for cell in row))


def _rows(file: TextIO, path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(file, delimiter=_delimiter(file))
    number = 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise UsageError(f"cannot be read from here on: {error}", about=f"{path}:{number}") from error
        if row is None:
            return
        yield number, row
        number = reader.line_num + 1


def _delimiter(file: TextIO) -> str:
    header = file.readline()
    file.seek(0)
    return ";" if ";" in header and "," not in header else ","


def _columns(header: Sequence[str], path: Path) -> list[str]:
    names = [name.strip().lower() for name in header]
    if any(map(_is_mangled, names)):
        raise UsageError("is not UTF-8; save it as CSV UTF-8", about=str(path))
    for name in names:
        if name not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise UsageError(f'knows no column "{name[:60]}"; the first line names {known}', about=f"{path}:1")
    if "email" not in names or len(set(names)) < len(names):
        raise UsageError("the first line must name email, and each column once", about=f"{path}:1")
    return names


def _line(number: int, row: list[str], columns: list[str]) -> Line | RefusedLine:
    cells = dict(zip(columns, row, strict=False))
    typed = cells.get("email", "")
    if any(map(_is_mangled, row)):
        return RefusedLine(number, typed.encode(errors="surrogateescape").decode(errors="replace"), "Not UTF-8.")
    if "\n" in typed or "\r" in typed:
        return RefusedLine(number, typed[:80], "A quotation mark opened here is closed lines later.")
    if len(row) > len(columns):
        return RefusedLine(number, typed, f"There are {len(row)} cells for {len(columns)} columns.")
    address = addresses.read(typed)
    name = addresses.read_name(cells.get("name", ""))
    language = addresses.read_language(cells.get("language", ""))
    for part in (address, name, language):
        if isinstance(part, Refused):
            return RefusedLine(number, typed, part.why)
    assert isinstance(address, Address) and isinstance(name, str) and isinstance(language, str)  # noqa: S101, PT018
    return Line(number, address, name, language)


def _is_mangled(cell: str) -> bool:
    return _MANGLED.search(cell) is not None
