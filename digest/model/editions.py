"""An edition's statuses and legal moves, what becomes of an announcement, and the sealed snapshot.

    draft ─► (held ─► approved) ─► sealed ─► sending ⇄ paused ─► sent
      └────────► skipped              any but sent, skipped ─► cancelled

*held* waits for a person; *paused* is sending stopped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from digest.model.announcements import Version, best_version


class EditionStatus(StrEnum):
    DRAFT = "draft"
    HELD = "held"
    APPROVED = "approved"
    SEALED = "sealed"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


S = EditionStatus
MOVES: dict[EditionStatus, frozenset[EditionStatus]] = {
    S.DRAFT: frozenset({S.HELD, S.APPROVED, S.SEALED, S.SKIPPED, S.CANCELLED}),
    S.HELD: frozenset({S.APPROVED, S.DRAFT, S.CANCELLED}),
    S.APPROVED: frozenset({S.SEALED, S.HELD, S.CANCELLED}),
    S.SEALED: frozenset({S.SENDING, S.CANCELLED}),
    S.SENDING: frozenset({S.PAUSED, S.SENT, S.CANCELLED}),
    S.PAUSED: frozenset({S.SENDING, S.CANCELLED}),
    S.SENT: frozenset(),
    S.SKIPPED: frozenset(),
    S.CANCELLED: frozenset(),
}
UNFINISHED = frozenset({S.DRAFT, S.HELD, S.APPROVED, S.SEALED, S.SENDING, S.PAUSED})
PUBLISHED = frozenset({S.SEALED, S.SENDING, S.PAUSED, S.SENT})
"""What the web and the feed of editions show: sealed, and neither withdrawn nor still somebody's draft."""


def may_move(old: EditionStatus, new: EditionStatus) -> bool:
    """Whether an edition may go from `old` to `new`."""
    return new in MOVES[old]


class Disposition(StrEnum):
    """What became of an announcement for a digest; final, one per announcement and digest."""

    CARRIED = "carried"
    DROPPED = "dropped"
    TOO_OLD = "too old"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A numbered issue of a digest, labelled with its slot's local date."""

    id: int
    digest: str
    label: str
    number: int
    status: EditionStatus
    revision: int
    slot_at: datetime | None
    """UTC; None for one made by hand."""
    until: datetime
    """It holds what came before this moment."""
    by: Literal["arrival", "effective"] = "arrival"
    """Whether that means when we first saw it, or the announcement's own time."""
    created_at: datetime
    sealed_at: datetime | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotItem:
    """An announcement as sealed into an edition."""

    public_id: str
    versions: tuple[Version, ...]
    older: bool = False
    """Arrived late or backdated: labelled so."""
    also_at: tuple[str, ...] = ()
    """Links of the other places that announced it."""

    def version(self, *languages: str) -> Version:
        """The version to show somebody who reads `languages`, best first."""
        return best_version(self.versions, *languages)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSection:
    title: str
    kind: str = "news"
    """How the letter draws it: news, case, figures, consultations."""
    items: tuple[SnapshotItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All an edition says, sealed: mail, web page and feed entry come from this and nothing else."""

    digest: str
    title: str
    """The digest's title."""
    label: str
    number: int
    date: dt.date
    """Local."""
    language: str
    subject: str
    """The subject's template source, as configured when it was sealed."""
    introduction: str = ""
    """Clean HTML, from an operator's Markdown."""
    since: dt.date | None = None
    """Local date of the edition before."""
    lead: SnapshotItem | None = None
    sections: tuple[SnapshotSection, ...] = ()
    more: tuple[SnapshotItem, ...] = ()
    """Over max_items: titles only, "more on the web"."""
    updated: tuple[SnapshotItem, ...] = ()
    """Carried before, and edited since: titles only. They are not counted."""
    correction: str = ""
    """What was wrong before this revision, to readers, in plain words."""

    def without(self, public_ids: Collection[str]) -> Snapshot:
        """The same but for these announcements: taken back since it was sealed, they are on no page."""

        def left(items: tuple[SnapshotItem, ...]) -> tuple[SnapshotItem, ...]:
            return tuple(item for item in items if item.public_id not in public_ids)

        lead = self.lead if self.lead and self.lead.public_id not in public_ids else None
        sections = tuple(replace(section, items=left(section.items)) for section in self.sections)
        return replace(self, lead=lead, sections=sections, more=left(self.more), updated=left(self.updated))

    @property
    def items(self) -> tuple[SnapshotItem, ...]:
        """Every item once, in reading order."""
        lead = (self.lead,) if self.lead else ()
        return (*lead, *(item for section in self.sections for item in section.items), *self.more)
