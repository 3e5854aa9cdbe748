"""From what is owed to what an edition holds: the lead, the sections, and what is only titled (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from digest.editions.matching import section_of
from digest.editions.owe import Verdict
from digest.model.announcements import Announcement
from digest.settings import Digest, DigestSection

NEWS = DigestSection(title="News")
_STORIES = frozenset({"news", "case"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What an edition would hold, in reading order; `too_few` when it is below the digest's minimum."""

    lead: Verdict | None
    sections: tuple[tuple[DigestSection, tuple[Verdict, ...]], ...]
    more: tuple[Verdict, ...]
    too_few: bool

    @property
    def all(self) -> tuple[Verdict, ...]:
        """Every announcement it holds, once."""
        lead = (self.lead,) if self.lead else ()
        return (*lead, *(each for _, verdicts in self.sections for each in verdicts), *self.more)


def choose(verdicts: Iterable[Verdict], digest: Digest) -> Chosen:
    """The newest first within a section; over `max_items` the oldest stories are only titled."""
    owed = [verdict for verdict in reversed(tuple(verdicts)) if verdict.owed]
    shown, more = owed[: digest.max_items], owed[digest.max_items :]
    placed = [(_section(digest, verdict.announcement), verdict) for verdict in shown]
    lead = _lead(placed)
    order = _order(digest.sections)
    sections = tuple(
        (section, members)
        for section in order
        if (members := tuple(each for place, each in placed if place == section and each is not lead))
    )
    return Chosen(lead=lead, sections=sections, more=tuple(more), too_few=len(owed) < digest.min_items)


def _section(digest: Digest, announcement: Announcement) -> DigestSection:
    return section_of(digest.sections, announcement) or NEWS


def _order(sections: Sequence[DigestSection]) -> tuple[DigestSection, ...]:
    """What no section asks for comes first, as plain news."""
    return tuple(sections) if NEWS in sections else (NEWS, *sections)


def _lead(placed: Sequence[tuple[DigestSection, Verdict]]) -> Verdict | None:
    """The newest story with a picture, else the newest; never a bare figure, a consultation or an older one."""
    stories = [verdict for section, verdict in placed if section.kind in _STORIES and not verdict.older]
    pictured = [each for each in stories if any(version.picture for version in each.announcement.versions)]
    return next(iter(pictured or stories), None)
