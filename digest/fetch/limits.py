"""How long and how much we are willing to read of one answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times in seconds, sizes in bytes; `total` ends servers that drip one byte at a time."""

    connect: float = 10.0
    read: float = 20.0
    total: float = 60.0
    wire: int = 5_000_000
    decoded: int = 20_000_000
    ratio: int = 100
    redirects: int = 5
