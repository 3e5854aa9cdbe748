"""What operators hear about at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from digest.store.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that waits for a person; told once for its `key`."""

    key: str
    title: str
    lines: tuple[str, ...]
    """Paragraphs of plain text: what happened, and what may be done."""
    edition_id: int | None = None
    """Whose mailing it is about; None for what is about no mailing."""
    sender: str
    """By whom the news goes out."""


Alert = Callable[[Tx, Incident], Awaitable[None]]
"""Owes the news of an incident in the same transaction that makes it one."""


async def nobody_listens(tx: Tx, incident: Incident) -> None:
    """For houses without anybody to alert."""
