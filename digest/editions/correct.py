"""A correction: a sealed edition said anew, as its next revision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from digest.editions.revise import corrected, differences
from digest.letter.markdown import to_html
from digest.model.editions import Edition, Snapshot
from digest.settings import Digest
from digest.store import announcements, drafts, editions, retracting
from digest.store.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What the next revision would say; nothing of it is stored."""

    edition: Edition
    snapshot: Snapshot
    contents: tuple[tuple[int, str], ...]
    """(announcement, section) in reading order."""
    differences: tuple[str, ...]
    """In words, from the revision in force; empty where it says the same."""


async def correction(tx: Tx, digest: Digest, edition: Edition, *, words: str = "") -> Correction:
    """The edition with its announcements as they are now, and as somebody wished them since; nothing is added.

    `words` tell readers what was wrong.
    """
    sealed = await editions.snapshot(tx, edition.id, edition.revision)
    contents = await editions.contents(tx, edition)
    found = await announcements.many(tx, [row for row, _ in contents], language=digest.language or "")
    edits = await drafts.edits(tx, edition.id)
    snapshot = corrected(
        sealed,
        {each.public_id: each for each in found},
        edits,
        gone=await retracting.retracted(tx, [item.public_id for item in (*sealed.items, *sealed.updated)]),
        introduction=to_html(edits.introduction),
        correction=words,
    )
    ids = {each.id: each.public_id for each in found}
    left = {item.public_id for item in snapshot.items}
    kept = tuple((row, section) for row, section in contents if row not in ids or ids[row] in left)
    return Correction(edition=edition, snapshot=snapshot, contents=kept, differences=differences(sealed, snapshot))


async def correct(tx: Tx, made: Correction, *, now: datetime, why: str) -> Edition:
    """Seal it as the edition's next revision; EditionError when somebody else was faster."""
    edition = await editions.revise(tx, made.edition)
    await editions.add_revision(tx, edition, made.snapshot, made.contents, now=now, why=why)
    return edition
