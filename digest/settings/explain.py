"""What pydantic found wrong, in an operator's words: the key, the mistake, and what was perhaps meant."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

Place = Callable[[tuple[str, ...]], str]
_INHERITED = ("timezone", "language")


def sentences(error: ValidationError, model: type[BaseModel], place: Place) -> Iterator[str]:
    """One line a mistake: "config/digest.toml:23: digests.newsflash.schedule: …"; `place` says where a key stands."""
    for location, line in dict.fromkeys(_mistakes(error, model)):
        key, _, rest = (".".join(location), "", line) if location else line.partition(": ")
        yield ": ".join(filter(None, (place(location or tuple(key.split("."))), key, rest)))


def _mistakes(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each key with what is wrong; what sections take over from the site is wrong only there."""
    at_the_site: set[tuple[str, str]] = set()
    for each in error.errors():
        location = tuple(str(step) for step in each["loc"] if not _is_noise(step))
        message = _message(each, model, location)
        if location[-1:] and location[-1] in _INHERITED:
            if (location[-1], message) in at_the_site:
                continue
            if location[0] == "site":
                at_the_site.add((location[-1], message))
        yield from ((location, line) for line in message.split("\n"))


def _is_noise(step: int | str) -> bool:
    # Branches of a union: "literal['all']", "constrained-int".
    return isinstance(step, str) and ("[" in step or step in ("constrained-int", "int", "str"))


def _message(each: Any, model: type[BaseModel], location: tuple[str, ...]) -> str:
    match each["type"]:
        case "missing":
            return "is required"
        case "extra_forbidden":
            return "is not a setting" + _perhaps(model, location)
        case "literal_error":
            return f"must be {each['ctx']['expected']}"
        case _:
            return str(each["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")


def _perhaps(model: type[BaseModel], location: tuple[str, ...]) -> str:
    known: list[str] = []
    here: type[BaseModel] | None = model
    for step in location[:-1]:
        if here is not None and step in here.model_fields:
            here = _inner(here.model_fields[step].annotation)
    if here is not None:
        known = [field.alias or name for name, field in here.model_fields.items() if name != "slug"]
    close = difflib.get_close_matches(location[-1], known, 1) if location else []
    return f'; did you mean "{close[0]}"?' if close else ""


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inner(part))), None)
