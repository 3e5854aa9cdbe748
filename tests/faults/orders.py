"""Where in a session a server is, and what it may be told to do there instead of the usual."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class At:
    """Where in a session we are, when it is asked what to do."""

    stage: str
    """connect, hello, starttls, auth, mail, rcpt, data, dot, quit."""
    who: str
    """The recipient, or whatever else the command names."""
    session: int
    """Numbered from 1."""
    nth: int
    """Of this session's messages, from 1: the one this is about."""


@dataclass(frozen=True)
class Act:
    """What to do instead of the usual."""

    say: str = ""
    """A reply; more than one line is said as it stands."""
    take: bool = False
    """At the dot: keep the message, whatever is said."""
    drop: bool = False
    """Hang up, after having said it."""
    hush: bool = False
    """Never answer again, and never hang up."""
    drip: float = 0.0
    """Seconds between the bytes of the reply."""
    endless: bool = False
    """Begin a reply of many lines and never end it."""
    raw: bytes = b""
    """Bytes that are no reply."""


DROP, TAKE_AND_DROP, HUSH = Act(drop=True), Act(take=True, drop=True), Act(hush=True)
Order = Callable[[At], Act | None]


def usual(at: At) -> Act | None:
    return None
