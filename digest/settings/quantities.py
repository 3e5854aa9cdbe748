"""Durations, rates and lists as people write them: "30 min", "5/s", "a, b"."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

_UNITS = {"ms": 0.001, "s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600, "hour": 3600, "d": 86_400, "day": 86_400}
_UNITS |= {"second": 1, "minute": 60, "week": 604_800, "w": 604_800}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")
LONGEST = timedelta(days=3653)
"""What is longer was not meant, and leads out of the calendar."""
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(s|min|h|day)")
_EACH = {"s": 1, "min": 60, "h": 3600, "day": 86_400}


def duration(text: object) -> timedelta:
    """The length of "30 min", "1.5 h", "2 days"; "0" is none. A bare number is refused: of what?"""
    if isinstance(text, timedelta):
        return text
    words = str(text).strip().lower()
    if words == "0":
        return timedelta()
    match = _DURATION.fullmatch(words)
    unit = match and (_UNITS.get(match[2]) or _UNITS.get(match[2].removesuffix("s")))
    if not match or not unit:
        raise ValueError(f'"{text}" is no duration; write it like "10 s", "30 min", "48 h" or "2 days"')
    seconds = float(match[1]) * unit
    if seconds > LONGEST.total_seconds():
        raise ValueError(f'"{text}" is too long; ten years are the most')
    return timedelta(seconds=seconds)


def rate(text: object) -> float | None:
    """Messages a second of "5/s", "300/min", "2000/h"; None for "unlimited", which must be said."""
    if text is None or isinstance(text, float):
        return text
    words = str(text).strip().lower()
    if words == "unlimited":
        return None
    match = _RATE.fullmatch(words)
    if not match or not float(match[1]):
        raise ValueError(f'"{text}" is no rate; write it like "5/s", "300/min" or "unlimited"')
    return float(match[1]) / _EACH[match[2]]


def listed(value: object) -> object:
    """A list, also from one string: JSON, or parted by commas, as an environment variable gives it."""
    if not isinstance(value, str):
        return value
    if value.strip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


def table(value: object) -> object:
    """A table, also from one string, "a = 1, b = 2", as an environment variable gives it."""
    if not isinstance(value, str):
        return value
    pairs = (pair.partition("=") for pair in value.split(",") if pair.strip())
    return {key.strip(): each.strip() for key, _, each in pairs}


Duration = Annotated[timedelta, BeforeValidator(duration)]
Rate = Annotated[float | None, BeforeValidator(rate)]
Words = Annotated[tuple[str, ...], BeforeValidator(listed)]
