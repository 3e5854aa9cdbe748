"""Reading JSON from strangers: any value may be of any type, and none of them may surprise us."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from digest.errors import ParseError
from digest.model.announcements import Facts, Figure


def load(body: bytes, *, url: str) -> Any:
    """The document; raises ParseError for whatever json makes of hostile bytes."""
    try:
        # Every file of a site's program may put a mark before it.
        return json.loads(body.decode().lstrip("\ufeff \t\r\n"))
    except (ValueError, RecursionError) as error:
        raise ParseError(f"not JSON: {str(error)[:200]}", about=url) from error


def words(value: Any) -> str:
    """A string or number as text, anything else as nothing."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8").strip()
    if not isinstance(value, int | float) or isinstance(value, bool):
        return ""
    try:
        return str(value)
    except ValueError:
        return ""  # more digits than Python writes down; YAML reads them where they are hexadecimal


def member(value: Any, *path: str) -> Any:
    """What stands at a path of keys; None as soon as it breaks off."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def each(value: Any) -> Iterator[Any]:
    """The members of a list; nothing for anything else."""
    yield from value if isinstance(value, list | tuple) else ()


def facts(source: Any) -> Facts:
    """Printed facts under the keys `deadline`, `figures` and `figures_title`; unreadable ones are left out."""
    figures = tuple(figure for found in each(member(source, "figures")) if (figure := _figure(found)) is not None)
    return Facts(
        deadline=_day(member(source, "deadline")), figures=figures, figures_title=words(member(source, "figures_title"))
    )


def _figure(found: Any) -> Figure | None:
    value, label = words(member(found, "value")), words(member(found, "label"))
    if not value:
        return None
    share = member(found, "share")
    number = (
        float(share) if isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share <= 1 else None
    )
    return Figure(value=value[:40], label=label[:200], share=number)


def _day(value: Any) -> date | None:
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    try:
        return date.fromisoformat(words(value)[:10])
    except ValueError:
        return None
