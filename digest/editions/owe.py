"""What is owed to a digest at a moment, and of every announcement why it is in or out (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from digest.editions.matching import fits
from digest.model.announcements import Announcement
from digest.model.editions import Disposition, Edition
from digest.settings import Digest

LATE = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The upper end of an edition: what came before `until`, by arrival or by the announcement's own time."""

    until: datetime
    by: Literal["arrival", "effective"] = "arrival"

    def holds(self, announcement: Announcement) -> bool:
        moment = announcement.first_seen_at if self.by == "arrival" else announcement.effective_at
        return moment < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A disposition an announcement already has, and the label of the edition that gave it."""

    disposition: Disposition
    label: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One announcement weighed: owed or not, and why, in words."""

    announcement: Announcement
    owed: bool
    why: str
    older: bool = False
    too_old: bool = False
    """Past the digest's late window: it is settled so when the edition is sealed."""
    dropped: bool = False
    """Somebody took it out of the draft: it is settled so when the edition is sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What the store knows that bears on a digest: its start line, what is settled, its last edition."""

    start_line: int
    settled: Mapping[int, Settled]
    """By announcement row."""
    last: Edition | None = None


def weigh(announcements: Iterable[Announcement], digest: Digest, ledger: Ledger, window: Window) -> tuple[Verdict, ...]:
    """A verdict on every announcement, oldest first by `effective_at`, then by seq."""
    ordered = sorted(announcements, key=lambda each: (each.effective_at, each.seq))
    return tuple(_verdict(each, digest, ledger, window) for each in ordered)


def _verdict(announcement: Announcement, digest: Digest, ledger: Ledger, window: Window) -> Verdict:
    out = _why_out(announcement, digest, ledger, window)
    if out:
        return Verdict(announcement=announcement, owed=False, why=out)
    older = _older(announcement, ledger.last)
    if digest.late_window is not None and ledger.last and _late_by(announcement, ledger.last) > digest.late_window:
        why = "arrived after the edition it belonged to, past the late window"
        return Verdict(announcement=announcement, owed=False, why=why, too_old=True)
    why = "new since the last edition" if ledger.last else "new"
    return Verdict(
        announcement=announcement, owed=True, why=f"{why}, arrived late: older" if older else why, older=older
    )


def _why_out(announcement: Announcement, digest: Digest, ledger: Ledger, window: Window) -> str:
    if announcement.retracted_at is not None:
        return "retracted"
    settled = ledger.settled.get(announcement.id)
    if settled is not None:
        return _settled_words(settled)
    if announcement.seq <= ledger.start_line:
        return "came before this digest began"
    if not window.holds(announcement):
        return f"came at or after {window.until:%Y-%m-%d %H:%M} UTC"
    if any(fits(match, announcement) for match in digest.exclude):
        return "left out by `exclude`"
    return ""


def _settled_words(settled: Settled) -> str:
    match settled.disposition:
        case Disposition.CARRIED:
            return f"carried by {settled.label}"
        case Disposition.BASELINE:
            return "stood in the archive when its source was first read"
        case Disposition.TOO_OLD:
            return "too old when it came"
        case Disposition.DROPPED:
            return f"dropped{f': {settled.why}' if settled.why else ''}"


def _late_by(announcement: Announcement, last: Edition) -> timedelta:
    return last.until - announcement.effective_at


def _older(announcement: Announcement, last: Edition | None) -> bool:
    return last is not None and _late_by(announcement, last) > LATE
