"""A judgement about one recipient."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Class(StrEnum):
    HARD = "hard"
    """Nobody is there, and nobody will be: never write again."""
    SOFT = "soft"
    """Full, closed for now, or out of reach: it counts when it happens again and again."""
    BLOCK = "block"
    """About us or what we sent: never held against the recipient."""
    NONE = "none"
    """No bounce: delayed, out of office, a receipt, anything else."""
    COMPLAINT = "complaint"
    OPT_OUT = "optout"
    """Somebody asks to be taken off, by whatever program."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One recipient as the message names it, empty where it names none; `said` is a stranger's text."""

    recipient: str
    kind: Class
    status: str = ""
    """The enhanced status code (RFC 3463)."""
    said: str = ""
