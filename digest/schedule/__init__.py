"""Schedule expressions to times, pure: what a schedule says, in words, and which slots it owes.

    parse(text)                           what `last fri 09:00` says, or why it cannot be
    sentence(schedule, zone)              "On the last Friday of each month at 09:00, London time"
    slots(schedule, zone, after, until)   every slot in (after, until]
    following(schedule, zone, after, n)   the next n

The language is described in `parse`, clock changes in `times`, days off in `quiet`.
"""

from __future__ import annotations

from digest.schedule.parse import parse
from digest.schedule.rules import Calendar, Schedule, Shift
from digest.schedule.times import Slot, at_midnight_of, following, slots
from digest.schedule.words import on_day, place, sentence, words

__all__ = [
    "Calendar",
    "Schedule",
    "Shift",
    "Slot",
    "at_midnight_of",
    "following",
    "on_day",
    "parse",
    "place",
    "sentence",
    "slots",
    "words",
]
