"""What one connection is used for before another takes its place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A connection's share: many relays end a session after so many messages, or so long."""

    messages: int = 100
    seconds: float = 300.0
