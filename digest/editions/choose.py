"""From what is owed to what an edition holds: the lead, the sections, and what is only titled (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from digest.editions.matching import section_of
from digest.editions.owe import Verdict
from digest.model.announcements import Announcement
from digest.model.drafts import Edits, Wish
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


def choose(verdicts: Iterable[Verdict], digest: Digest, edits: Edits = Edits()) -> Chosen:  # noqa: B008 - frozen
    """The newest first within a section; over `max_items` the oldest stories are only titled.

    What somebody wants to lead, or at a place, is always shown.
    """
    owed = [verdict for verdict in reversed(tuple(verdicts)) if verdict.owed]
    shown, more = _shown(owed, digest.max_items, edits)
    placed = [(_section(digest, verdict.announcement, edits), verdict) for verdict in shown]
    lead = _wanted(shown, edits) or _lead(placed)
    order = _order(digest.sections)
    sections = tuple(
        (section, _in_place(members, edits))
        for section in order
        if (members := [each for place, each in placed if place == section and each is not lead])
    )
    return Chosen(lead=lead, sections=sections, more=tuple(more), too_few=len(owed) < digest.min_items)


def section_titled(digest: Digest, title: str) -> DigestSection | None:
    """The digest's section of that title, case apart; None where it has none."""
    return next((each for each in _order(digest.sections) if each.title.casefold() == title.casefold()), None)


def _shown(owed: Sequence[Verdict], most: int, edits: Edits) -> tuple[list[Verdict], list[Verdict]]:
    wanted = {*edits.of(Wish.LEAD), *edits.of(Wish.PLACE)}
    first = sorted(owed, key=lambda each: each.announcement.public_id not in wanted)[:most]
    ids = {each.announcement.id for each in first}
    shown = [each for each in owed if each.announcement.id in ids]
    return shown, [each for each in owed if each.announcement.id not in ids]


def _wanted(shown: Sequence[Verdict], edits: Edits) -> Verdict | None:
    lead = edits.of(Wish.LEAD)
    return next((each for each in shown if each.announcement.public_id in lead), None)


def _in_place(members: Sequence[Verdict], edits: Edits) -> tuple[Verdict, ...]:
    """Those with a place at it, the others around them in their order."""
    places = {subject: int(value) for subject, value in edits.of(Wish.PLACE).items()}
    found = [each for each in members if each.announcement.public_id not in places]
    at_places = (each for each in members if each.announcement.public_id in places)
    for each in sorted(at_places, key=lambda each: places[each.announcement.public_id]):
        found.insert(places[each.announcement.public_id] - 1, each)
    return tuple(found)


def _section(digest: Digest, announcement: Announcement, edits: Edits) -> DigestSection:
    wished = edits.of(Wish.SECTION).get(announcement.public_id)
    return (wished and section_titled(digest, wished)) or section_of(digest.sections, announcement) or NEWS


def _order(sections: Sequence[DigestSection]) -> tuple[DigestSection, ...]:
    """What no section asks for comes first, as plain news."""
    return tuple(sections) if NEWS in sections else (NEWS, *sections)


def _lead(placed: Sequence[tuple[DigestSection, Verdict]]) -> Verdict | None:
    """The newest story with a picture, else the newest; never a bare figure, a consultation or an older one."""
    stories = [verdict for section, verdict in placed if section.kind in _STORIES and not verdict.older]
    pictured = [each for each in stories if any(version.picture for version in each.announcement.versions)]
    return next(iter(pictured or stories), None)
