"""What a person does to a draft before it is sealed: make it, change it, approve it. Each step is in the audit.

What is sealed is changed no more; wishes for it are for its correction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from digest.editions import flow
from digest.editions.choose import section_titled
from digest.editions.correct import Correction, correction
from digest.editions.flow import Draft
from digest.errors import EditionError, NotFound, UsageError
from digest.letter import headers
from digest.model.announcements import Announcement
from digest.model.drafts import WORDS, Edit, Wish
from digest.model.editions import Edition, EditionStatus
from digest.service import collecting, composing, letters
from digest.service.house import House, now
from digest.service.reading import labelled
from digest.settings import Digest
from digest.store import announcements, audiences, audit, drafts, editions
from digest.store.database import Tx

_LEAST = 6
"""Letters of a fingerprint that name a draft."""


async def hold(house: House, slug: str, *, at: datetime | None, by: str) -> Edition:
    """Make the draft of what is owed, and hold it until somebody approves it; EditionError when nothing is."""
    digest = house.digest(slug)
    composing.past(at)
    if at is None:
        await collecting.refresh(house)
    async with house.store.read() as tx:
        draft = await flow.draft(tx, digest, window=composing.window(at))
        languages = await audiences.languages(tx, slug)
    if draft.empty:
        raise EditionError("nothing to hold: too little is owed", about=slug)
    rows = letters.rows(letters.rendered(house, draft.snapshot, languages))
    async with house.store.write() as tx:
        edition = await composing.hold(house, tx, draft, rows)
        await _note(tx, edition, by, "hold", became=draft.short)
    return edition


async def change(
    house: House, slug: str, label: str, name: str, edits: tuple[Edit, ...], *, by: str
) -> Draft | Correction:
    """Wish something for an announcement in a held draft, or with no value wish it no more; the draft as it is now.

    `name` is an announcement's id, or its last part. A language that is not said is the one the draft shows it in.
    Of an edition that is sealed, what `editions correct` would say.
    """
    digest = house.digest(slug)
    async with house.store.write() as tx:
        edition = await labelled(tx, slug, label)
        found = await _now(tx, digest, edition)
        announcement = _named(found, name) if isinstance(found, Draft) else await _sealed(tx, found, digest, name)
        for edit in edits:
            if edition.revision and edit.wish not in (*WORDS, Wish.DROP):
                raise UsageError(
                    f"is sealed: its {edit.wish} stays; words can change, and drop", about=f"{slug} {label}"
                )
            wished = _checked(replace(edit, subject=announcement.public_id), announcement, digest)
            await _wish(tx, edition, wished, by)
        return await _now(tx, digest, edition)


async def introduce(house: House, slug: str, label: str, text: str, *, by: str) -> Draft | Correction:
    """Put an introduction in Markdown before a held draft, or with no text none; what there is now, as `change`."""
    digest = house.digest(slug)
    async with house.store.write() as tx:
        edition = await labelled(tx, slug, label)
        await _now(tx, digest, edition)
        await _wish(tx, edition, Edit(wish=Wish.INTRODUCTION, value=text.strip()), by)
        return await _now(tx, digest, edition)


async def approve(house: House, slug: str, label: str, *, draft: str, by: str, why: str = "") -> Edition:
    """Seal a held draft, if it is still the one whose fingerprint begins with `draft`, "" for whatever it is."""
    digest = house.digest(slug)
    if draft and len(draft) < _LEAST:
        raise UsageError(f"name at least {_LEAST} letters of it", about=draft)
    async with house.store.read() as tx:
        edition, found = await composing.held(tx, digest, label)
    named = draft.lower() or found.fingerprint
    return await composing.approve(house, edition, grace=digest.grace, named=named, by=by, why=why)


async def _now(tx: Tx, digest: Digest, edition: Edition) -> Draft | Correction:
    """A held edition's draft; of one that is sealed, its correction."""
    if edition.revision and edition.status is not EditionStatus.CANCELLED:
        return await correction(tx, digest, edition)
    _, draft = await composing.held(tx, digest, edition.label)
    return draft


def _named(draft: Draft, name: str) -> Announcement:
    """The announcement among what the draft holds, or what was dropped from it."""
    for verdict in draft.verdicts:
        announcement = verdict.announcement
        if (verdict.owed or verdict.dropped) and name in (announcement.public_id, announcement.slug):
            return announcement
    raise NotFound("is not in this draft", about=name)


async def _sealed(tx: Tx, made: Correction, digest: Digest, name: str) -> Announcement:
    """The announcement among what an edition was sealed with."""
    rows = [row for row, _ in await editions.contents(tx, made.edition)]
    for announcement in await announcements.many(tx, rows, language=digest.language or ""):
        if name in (announcement.public_id, announcement.slug):
            return announcement
    raise NotFound("is not in this edition", about=name)


def _checked(edit: Edit, announcement: Announcement, digest: Digest) -> Edit:
    """The wish as it is kept; UsageError for one that cannot be."""
    if edit.wish in WORDS:
        version = announcement.version(*filter(None, (edit.language, digest.language)))
        if edit.language and version.language != edit.language:
            raise UsageError(f'has no version in "{edit.language}"', about=edit.subject)
        if edit.value and edit.wish is Wish.ALT and version.picture is None:
            raise UsageError("has no picture", about=edit.subject)
        return replace(edit, language=version.language, value=headers.clean(edit.value))
    if edit.wish is Wish.SECTION and edit.value and section_titled(digest, edit.value) is None:
        raise UsageError(f'no section is titled "{edit.value}"', about=digest.slug)
    return edit


async def _wish(tx: Tx, edition: Edition, edit: Edit, by: str) -> None:
    was = next((each.value for each in (await drafts.edits(tx, edition.id)).all if _same(each, edit)), "")
    if edit.value:
        await drafts.put(tx, edition.id, edit, now=now())
    else:
        await drafts.take_back(tx, edition.id, edit)
    what = f"{edit.wish} {edit.language}".strip()
    about = f"{edit.subject}: " if edit.subject else ""
    await _note(tx, edition, by, f"draft {what}", was=was, became=edit.value, why=f"{about}{what}")


def _same(one: Edit, other: Edit) -> bool:
    return (one.subject, one.wish, one.language) == (other.subject, other.wish, other.language)


async def _note(
    tx: Tx, edition: Edition, by: str, action: str, *, was: str = "", became: str = "", why: str = ""
) -> None:
    subject = f"{edition.digest} {edition.label}"
    await audit.add(tx, at=now(), who=by, action=action, subject=subject, was=was, became=became, why=why)
