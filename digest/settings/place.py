"""Where a key stands in a TOML file, so that a mistake can be named by its line (pure)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

Key = tuple[str, ...]


def lines(text: str) -> Mapping[Key, int]:
    """The line that each key of `text` begins on, from 1; what stands in a list is called by its number.

    The file is read once for each of its lines, so ask only when there is a mistake to tell.
    """
    found: dict[Key, int] = {}
    read, whole = 0, text.splitlines(keepends=True)
    for end in range(1, len(whole) + 1):
        with suppress(tomllib.TOMLDecodeError):  # in the midst of a value that takes several lines
            for key in _keys(tomllib.loads("".join(whole[:end]))):
                found.setdefault(key, read + 1)
            read = end
    return found


def line_of(key: Key, known: Mapping[Key, int]) -> int | None:
    """The line of a key, or of the table that it should stand in; None where there is neither."""
    return next((known[key[:end]] for end in range(len(key), 0, -1) if key[:end] in known), None)


def _keys(value: Any, above: Key = ()) -> Iterator[Key]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inside:
        key = (*above, str(name))
        yield key
        yield from _keys(each, key)
