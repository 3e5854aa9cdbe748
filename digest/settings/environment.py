"""DIGEST_SITE__URL and its like, as the nested tables that the file has."""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from digest.errors import ConfigError

PREFIX = "DIGEST_"
_OURS = {"DIGEST_CONFIG"}


def nested(environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[tuple[str, ...], str]]:
    """Every DIGEST_* variable as nested tables, and which variable gave which key.

    `…_FILE` reads the value from a file, so that a secret need not stand in the environment.
    """
    tables: dict[str, Any] = {}
    names: dict[tuple[str, ...], str] = {}
    for name, value in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in _OURS:
            continue
        path, text = _path_and_text(name, value)
        table = tables
        for step in path[:-1]:
            table = table.setdefault(step, {})
            if not isinstance(table, dict):
                raise ConfigError("stands below a variable that is a plain value", about=name)
        table[path[-1]] = text
        names[path] = name
    return tables, names


def variable(location: tuple[str, ...], names: Mapping[tuple[str, ...], str]) -> str | None:
    """The variable that gave the key at `location`, if one did; of an unknown table, any that names it."""
    above = (name for path, name in names.items() if location[: len(path)] == path or path[:1] == location)
    return names.get(location) or next(above, None)


def alone(location: tuple[str, ...], names: Mapping[tuple[str, ...], str], declared: Container[tuple[str, ...]]) -> str:
    """A variable that began the table a key is missing in, where the file has no such table; else ""."""
    for end in range(len(location), 1, -1):
        if location[:end] in declared:
            break
        if found := next((name for path, name in names.items() if path[:end] == location[:end]), ""):
            return found
    return ""


def _path_and_text(name: str, value: str) -> tuple[tuple[str, ...], str]:
    key = name.removeprefix(PREFIX).lower()
    # A setting called key_file holds a path itself.
    if key.endswith("_file") and not key.endswith("__key_file"):
        try:
            value = Path(value).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise ConfigError(f"cannot read {value}: {why}", about=name) from None
        key = key.removesuffix("_file")
    path = tuple(key.split("__"))
    if not all(path):
        raise ConfigError("is misspelt; parts are joined by two underscores", about=name)
    return path, value
