"""A message on its way, and what is asked and told about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from digest.model.deliveries import Outcome


@dataclass(slots=True)
class Parcel:
    """A message on its way: whole bytes, CRLF, no line that begins with a dot."""

    key: int
    sender: str
    recipient: str
    message: bytes
    verdict: Outcome | None = None
    """What an earlier reply decided; the rest of its group is read and passed over."""
    dotted: bool = False


Source = Callable[[], Parcel | None]
"""The next message to send now; None for none, and nothing more is begun until `run` is called again."""
Result = Callable[[int, Outcome | None], None]
"""Told once of each parcel's end; None for one that was only announced when the session ended over another."""

BeforeDot = Callable[[int], None]
"""Told of each parcel just before its final dot is written."""


def untold(key: int) -> None:
    """For what nobody keeps a journal of."""
