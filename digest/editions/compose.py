"""The snapshot that a choice makes: all that the letter, the page and the feed entry will ever say (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from digest.editions.choose import Chosen
from digest.editions.owe import Verdict
from digest.model.announcements import Announcement, Version
from digest.model.editions import Edition, Snapshot, SnapshotItem, SnapshotSection
from digest.settings import Digest


def snapshot(
    chosen: Chosen,
    digest: Digest,
    *,
    label: str,
    number: int,
    day: date,
    last: Edition | None,
    introduction: str = "",
    updated: Iterable[Announcement] = (),
) -> Snapshot:
    """Seal the choice in words: `day` is the edition's local date, `last` the edition before, `updated` its edits."""
    return Snapshot(
        digest=digest.slug,
        title=digest.title,
        label=label,
        number=number,
        date=day,
        language=digest.language or "en",
        subject=digest.subject,
        introduction=introduction,
        since=local_day(last, digest) if last else None,
        lead=_item(chosen.lead) if chosen.lead else None,
        sections=tuple(
            SnapshotSection(title=section.title, kind=section.kind, items=tuple(map(_item, verdicts)))
            for section, verdicts in chosen.sections
        ),
        more=tuple(map(_item, chosen.more)),
        updated=tuple(SnapshotItem(public_id=each.public_id, versions=bare(each.versions)) for each in updated),
    )


def placed(chosen: Chosen) -> tuple[tuple[int, str], ...]:
    """(announcement, section) in reading order, as the entries keep it."""
    lead = ((chosen.lead.announcement.id, "lead"),) if chosen.lead else ()
    listed = ((each.announcement.id, section.title) for section, verdicts in chosen.sections for each in verdicts)
    return (*lead, *listed, *((each.announcement.id, "more") for each in chosen.more))


def local_day(edition: Edition, digest: Digest) -> date:
    """The local date an edition is labelled with."""
    return (edition.slot_at or edition.until).astimezone(digest.zone).date()


def _item(verdict: Verdict) -> SnapshotItem:
    announcement = verdict.announcement
    shown = {version.link for version in announcement.versions}
    return SnapshotItem(
        public_id=announcement.public_id,
        versions=bare(announcement.versions),
        older=verdict.older,
        also_at=tuple(dict.fromkeys(place.link for place in announcement.also_at if place.link not in shown)),
    )


def bare(versions: tuple[Version, ...]) -> tuple[Version, ...]:
    """A letter teases; the whole text stays with the announcement, or a snapshot would weigh megabytes."""
    return tuple(replace(version, content="") for version in versions)
