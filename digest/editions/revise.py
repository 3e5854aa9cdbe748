"""A draft as a person wants it: what is dropped, and what is worded otherwise (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from digest.editions.choose import Chosen
from digest.editions.compose import bare
from digest.editions.owe import Verdict
from digest.model.announcements import Announcement, Version
from digest.model.drafts import Edit, Edits, Wish
from digest.model.editions import Snapshot, SnapshotItem


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


def corrected(
    sealed: Snapshot,
    now: Mapping[str, Announcement],
    edits: Edits,
    *,
    gone: Collection[str],
    introduction: str,
    correction: str,
) -> Snapshot:
    """What was sealed as it would be said now: the same announcements in the same places, as they are by `now`.

    `now` is by public id, and has none that was merged into another: that stays as it was sealed. What is `gone` was
    taken back, and is left out, as is what somebody dropped.
    """
    out = {*gone, *edits.of(Wish.DROP)}

    def again(item: SnapshotItem) -> SnapshotItem | None:
        if item.public_id in out:
            return None
        announcement = now.get(item.public_id)
        if announcement is None:
            return item
        for edit in edits.words(item.public_id):
            announcement = _with(announcement, edit)
        return replace(item, versions=bare(announcement.versions))

    def left(items: tuple[SnapshotItem, ...]) -> tuple[SnapshotItem, ...]:
        return tuple(found for each in items if (found := again(each)))

    sections = (replace(section, items=left(section.items)) for section in sealed.sections)
    return replace(
        sealed,
        introduction=introduction,
        lead=again(sealed.lead) if sealed.lead else None,
        sections=tuple(section for section in sections if section.items),
        more=left(sealed.more),
        updated=left(sealed.updated),
        correction=correction,
    )


def differences(old: Snapshot, new: Snapshot) -> tuple[str, ...]:
    """What a correction changes, a line each; empty where it says the same."""
    now = {item.public_id: item for item in new.items}
    said = ["the introduction"] if old.introduction != new.introduction else []
    for item in old.items:
        title = item.version(old.language).title
        if item.public_id not in now:
            said.append(f"left out: {title}")
        elif now[item.public_id] != item:
            became = now[item.public_id].version(new.language).title
            said.append(f"changed: {title}" + (f" (now: {became})" if became != title else ""))
    return tuple(said)


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
