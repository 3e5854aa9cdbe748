"""A draft as a person wants it: what is dropped, and what is worded otherwise (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from digest.editions.choose import Chosen
from digest.editions.owe import Verdict
from digest.model.announcements import Announcement, Version
from digest.model.drafts import Edit, Edits, Wish


def dropped(verdicts: Iterable[Verdict], edits: Edits) -> tuple[Verdict, ...]:
    """The same, but that what somebody dropped is owed no longer."""
    out = edits.of(Wish.DROP)
    return tuple(_dropped(each, out) if each.owed else each for each in verdicts)


def reworded(chosen: Chosen, edits: Edits) -> Chosen:
    """The same choice in other words, where somebody wants them."""
    if not edits.all:
        return chosen
    return replace(
        chosen,
        lead=_reworded(chosen.lead, edits) if chosen.lead else None,
        sections=tuple(
            (section, tuple(_reworded(each, edits) for each in verdicts)) for section, verdicts in chosen.sections
        ),
        more=tuple(_reworded(each, edits) for each in chosen.more),
    )


def _dropped(verdict: Verdict, out: dict[str, str]) -> Verdict:
    why = out.get(verdict.announcement.public_id)
    return verdict if why is None else replace(verdict, owed=False, dropped=True, why=f"dropped: {why}")


def _reworded(verdict: Verdict, edits: Edits) -> Verdict:
    announcement = verdict.announcement
    for edit in edits.words(announcement.public_id):
        announcement = _with(announcement, edit)
    return replace(verdict, announcement=announcement)


def _with(announcement: Announcement, edit: Edit) -> Announcement:
    versions = tuple(_said(each, edit) if each.language == edit.language else each for each in announcement.versions)
    return replace(announcement, versions=versions)


def _said(version: Version, edit: Edit) -> Version:
    match edit.wish:
        case Wish.TITLE:
            return replace(version, title=edit.value)
        case Wish.TEASER:
            return replace(version, summary=edit.value)
        case Wish.ALT if version.picture:
            return replace(version, picture=replace(version.picture, alt=edit.value))
        case _:
            return version
