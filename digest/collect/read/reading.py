"""What one visit to a source brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from digest.collect.parse import ReadItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What we remember of earlier visits; validators hold only for the URL that gave them."""

    url: str = ""
    etag: str = ""
    last_modified: str = ""
    since: datetime | None = None
    """When the whole archive had been read before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Items, or `not_modified`; the validators to send next time, worth keeping only after these items are stored."""

    items: tuple[ReadItem, ...] = ()
    language: str = ""
    minutes: int = 0
    not_modified: bool = False
    url: str = ""
    etag: str = ""
    last_modified: str = ""
    whole: bool = True
    """Whether this is all that the source has to give; False for only what is new or was changed."""
    deleted: tuple[str, ...] = ()
    """Idents that the source says are gone."""
    lookup: str = ""
    """Where an item can be asked for by its number, `{}`, to learn whether it is still there."""
    complaints: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    """Parts that could not be read, while the rest could."""
    folder: Path | None = None
    """Where pictures of the source may be read from."""
