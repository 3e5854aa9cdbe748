"""What one visit to a source brought, in one part or many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from digest.collect.document import How
from digest.collect.identify import Known


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What we remember of earlier visits; validators hold only for the URL that gave them."""

    url: str = ""
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    """Of the last answer in full, with how many items it held, and its own wish in minutes."""
    adopted: str = ""
    """The address that the source was moved to."""
    how: How
    since: datetime | None = None
    """When the whole archive had been read before."""
    newest_first: bool = False
    """Whether an earlier part must hold nothing older than a later one: so many of the newest are wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Items, or `not_modified`; the validators to send next time, worth keeping only after these items are stored.

    A visit gives parts, so that an archive of any size fits; what is not an item holds for the visit, from its last.
    """

    items: tuple[Known, ...] = ()
    minutes: int = 0
    not_modified: bool = False
    count: int = 0
    """How many items a document held that came again as it was."""
    url: str = ""
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    moved_to: str = ""
    """Where the address leads by moves for good alone."""
    whole: bool = True
    """Whether this is all that the source has to give; False for only what is new or was changed."""
    deleted: tuple[str, ...] = ()
    """Idents that the source says are gone."""
    lookup: str = ""
    """Where an item can be asked for by its number, `{}`, to learn whether it is still there."""
    complaints: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    """Parts that could not be read, while the rest could."""
    last: bool = True
    """Whether no part follows."""
    folder: Path | None = None
    """Where pictures of the source may be read from."""
