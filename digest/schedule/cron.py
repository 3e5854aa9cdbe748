"""Five crontab fields, with crontab's own numbers: weekdays 0 and 7 are Sunday."""

from __future__ import annotations

from datetime import time

from digest.errors import ScheduleError
from digest.schedule.rules import Cron

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
Field = tuple[str, int, int, tuple[str, ...]]
_FIELDS: tuple[Field, ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, ("", *_MONTHS)),
    ("weekday", 0, 7, _DAYS),
)


def parse_cron(text: str) -> tuple[Cron, tuple[time, ...]]:
    """The rule and the wall times of a crontab line; ScheduleError says which field is wrong."""
    parts = text.lower().split()
    if len(parts) != 5:
        raise ScheduleError(
            f"a crontab line has five fields (minute, hour, day of month, month, weekday), this has {len(parts)}",
            about=text,
        )
    minutes, hours, days, months, weekdays = (
        _values(part, field, text) for part, field in zip(parts, _FIELDS, strict=True)
    )
    either = not parts[2].startswith("*") and not parts[4].startswith("*")
    if not either and not any(day <= _LONGEST[month - 1] for day in days for month in months):
        raise ScheduleError(f"day {days[0]} never comes in {_MONTHS[months[0] - 1].title()}", about=text)
    monday_first = tuple(sorted({(day + 6) % 7 for day in weekdays}))
    running = parts[0].startswith("*") or parts[1].startswith("*")
    rule = Cron(minutes, hours, days, months, monday_first, either, running)
    return rule, tuple(time(hour, minute) for hour in hours for minute in minutes)


def _values(part: str, field: Field, text: str) -> tuple[int, ...]:
    return tuple(sorted({value for piece in part.split(",") for value in _piece(piece, field, text)}))


def _piece(piece: str, field: Field, text: str) -> range:
    """The values of `*`, `5`, `mon-fri`, `*/15` or `8-18/2`."""
    name, lowest, highest, _ = field
    body, slash, step = piece.partition("/")
    first, dash, last = body.partition("-")
    if slash and (not step.isdecimal() or not int(step)):
        raise ScheduleError(f'the {name} "{piece}" has no usable step after the "/"', about=text)
    if slash and body != "*" and not dash:
        raise ScheduleError(f'the {name} "{piece}" has a step, and that needs a range or "*"', about=text)
    if body == "*":
        low, high = lowest, 6 if name == "weekday" else highest
    else:
        low = _value(first, field, text)
        high = _value(last, field, text) if dash else low
    if name == "weekday" and dash and high == 0 and low:
        high = 7
    if low > high:
        raise ScheduleError(f'the {name} "{piece}" runs backwards', about=text)
    return range(low, high + 1, int(step) if slash else 1)


def _value(word: str, field: Field, text: str) -> int:
    name, lowest, highest, words = field
    if word and word in words:
        return words.index(word)
    if not (word.isascii() and word.isdecimal()):
        raise ScheduleError(f'"{word}" is no {name}', about=text)
    if not lowest <= int(word) <= highest:
        raise ScheduleError(f"the {name} {word} is not between {lowest} and {highest}", about=text)
    return int(word)
