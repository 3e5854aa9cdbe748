"""A CSV of subscribers, line by line: each is read or refused, and a broken one never takes others with it.

A cell that a spreadsheet would run as a formula is written with an apostrophe before it; reading takes it off again.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from digest.errors import UsageError
from digest.model.subscribers import Basis
from digest.subscribers import address as addresses
from digest.subscribers import mapping as mappings
from digest.subscribers.address import Address, Refused
from digest.subscribers.mapping import Columns

_BASES = {each.value: each for each in Basis}
_EVIDENCE = ("at", "ip", "source")
_OTHERWISE = "Not UTF-8: save the list as CSV UTF-8, or name what it is by --encoding, such as windows-1252."
_MANGLED = re.compile("[\x00\udc80-\udcff]")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"''*[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Line:
    """A good line; `number` counts from 1, the header included. `evidence` is what an export says of consent,
    `attributes` what a list says besides.
    """

    number: int
    address: Address
    name: str
    language: str
    text_only: bool = False
    evidence: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    basis: Basis | None = None
    """Why we may write to them, where our own export says it."""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A bad one: its address as it stands there, and why it is not taken."""

    number: int
    address: str
    why: str


def read(
    path: Path, digest: str, said: Mapping[str, str] | None = None, encoding: str = ""
) -> Iterator[Line | RefusedLine]:
    """Read UTF-8 or UTF-16, or `encoding`, parted by commas, semicolons or tabs, a header first; `said` maps columns
    to fields. `digest` is whom the lines are for.

    Raises UsageError for a file that cannot be opened or has no such header.
    """
    try:
        # What is not in the encoding becomes lone surrogates: one bad line is refused, the others are read.
        file = path.open(encoding=_known(encoding) or _encoding(path), errors="surrogateescape", newline="")
    except OSError as error:
        raise UsageError(error.strerror or str(error), about=str(path)) from error
    with closing(file):
        rows = _rows(file, path)
        header = next(rows, (1, []))[1]
        if any(map(_is_mangled, header)):
            raise UsageError(f"is {_OTHERWISE[0].lower()}{_OTHERWISE[1:]}", about=str(path))
        columns = mappings.mapped(header, said or {}, f"{path}:1")
        yield from (_line(number, row, columns, digest) for number, row in rows if any(map(str.strip, row)))


def guarded(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell[:1] == "'" and _GUARDED.match(cell) else cell


def written(rows: Sequence[Sequence[str]]) -> str:
    """Rows as CSV (RFC 4180), guarded."""
    made = io.StringIO()
    csv.writer(made, lineterminator="\r\n").writerows([guarded(cell) for cell in row] for row in rows)
    return made.getvalue()


def _known(encoding: str) -> str:
    """The encoding, if it is one of text."""
    try:
        "".encode(encoding or "utf-8")
    except LookupError:
        raise UsageError(f'knows no encoding "{encoding}"', about="--encoding") from None
    return encoding


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        mark = file.read(2)
    return "utf-16" if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def _rows(file: TextIO, path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(file, delimiter=_delimiter(file))
    number = 1
    while True:
        try:
            row = next(reader, None)
        except (csv.Error, UnicodeError) as error:
            raise UsageError(f"cannot be read from here on: {error}", about=f"{path}:{number}") from error
        if row is None:
            return
        yield number, row
        number = reader.line_num + 1


def _delimiter(file: TextIO) -> str:
    try:
        header = file.readline()
    except UnicodeError:
        header = ""
    file.seek(0)
    return max(",;\t", key=header.count)


def _line(number: int, row: list[str], columns: Columns, digest: str) -> Line | RefusedLine:
    cells = [unguarded(cell) if cell[:1] == "'" else cell for cell in row]
    cells += [""] * (columns.wide - len(cells))
    typed = columns.field("email", cells)
    if _is_mangled("".join(row)):
        return RefusedLine(number, typed.encode(errors="surrogateescape").decode(errors="replace"), _OTHERWISE)
    if any(map(_is_broken, (typed, columns.field("name", cells)))) or _swallowed(row, columns.wide):
        return RefusedLine(number, typed[:80], "A quotation mark opened here is closed lines later, or never.")
    if len(row) > columns.wide:
        return RefusedLine(number, typed, f"There are {len(row)} cells for {columns.wide} columns.")
    if gone := columns.why_gone(cells, digest):
        return RefusedLine(number, typed, gone)
    return _person(number, typed, cells, columns)


def _is_broken(cell: str) -> bool:
    return "\n" in cell or "\r" in cell


def _swallowed(row: Sequence[str], wide: int) -> bool:
    """Whether what looks like lines of the list stands in a cell of theirs, such as notes: nobody is lost unsaid."""
    inner = (line for cell in filter(_is_broken, row) for line in cell.splitlines()[1:])
    return any("@" in line and max(map(line.count, ",;\t")) >= max(1, wide - 1) for line in inner)


def _person(number: int, typed: str, cells: Sequence[str], columns: Columns) -> Line | RefusedLine:
    address = addresses.read(typed)
    name = addresses.read_name(columns.field("name", cells))
    language = addresses.read_language(columns.field("language", cells))
    text_only = mappings.yes(columns.field("text_only", cells))
    besides = {key: addresses.read_name(value) for key, value in columns.attributes(cells).items()}
    for part in (address, name, language, text_only, *besides.values()):
        if isinstance(part, Refused):
            return RefusedLine(number, typed, part.why)
    assert isinstance(address, Address) and isinstance(name, str) and isinstance(language, str)  # noqa: S101, PT018
    said = {key: str(value) for key, value in besides.items()}
    basis = _BASES.get(columns.field("basis", cells))
    return Line(number, address, name, language, text_only is True, _evidence(cells, columns), said, basis)


def _evidence(cells: Sequence[str], columns: Columns) -> Mapping[str, str]:
    if not columns.proves:
        return {}
    known = {key: value[:200] for key in _EVIDENCE if (value := columns.field(key, cells))}
    return {**known, "via": columns.service} if columns.service else known


def _is_mangled(text: str) -> bool:
    return "\x00" in text if text.isascii() else _MANGLED.search(text) is not None
