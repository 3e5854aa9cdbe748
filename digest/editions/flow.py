"""Load, decide, seal: the one way from what is owed to an edition, for preview and for the real run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypedDict

from digest.editions.choose import Chosen, choose
from digest.editions.compose import placed, snapshot
from digest.editions.owe import Ledger, Settled, Verdict, Window, weigh
from digest.editions.revise import dropped, reworded
from digest.letter.markdown import to_html
from digest.model.announcements import Announcement
from digest.model.drafts import Edits, Wish
from digest.model.editions import Disposition, Edition, EditionStatus, Snapshot
from digest.settings import Digest
from digest.store import announcements, digests, dispositions, drafts, editions
from digest.store.database import Tx

WAITS = "waits for approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An edition as it would be sealed now; nothing of it is stored."""

    digest: Digest
    window: Window
    day: date
    slot_at: datetime | None
    verdicts: tuple[Verdict, ...]
    chosen: Chosen
    snapshot: Snapshot
    merging: Edition | None = None
    """A draft that nobody approved before this one is made: it goes into this one, with all that was wished for it."""

    @property
    def empty(self) -> bool:
        return self.chosen.too_few

    @property
    def why_empty(self) -> str:
        """Why it makes no edition."""
        owed = len(self.chosen.all)
        return f"{owed} owed, at least {self.digest.min_items} wanted" if owed else "nothing new is owed"

    @property
    def fingerprint(self) -> str:
        """What names all that it says: whoever approves it approves this."""
        return editions.fingerprint(self.snapshot)

    @property
    def short(self) -> str:
        """Its fingerprint as people are shown it."""
        return self.fingerprint[:12]


async def draft(
    tx: Tx,
    digest: Digest,
    *,
    window: Window,
    slot_at: datetime | None = None,
    whole: bool = False,
    held: Edition | None = None,
) -> Draft:
    """What the digest would carry in that window.

    `whole` weighs the archive below the start line too, for explaining; the choice is the same.
    `held` is the edition it would fill, which keeps its label.
    """
    line = await digests.start_line(tx, digest.slug)
    last = await editions.last_sealed(tx, digest.slug)
    language = digest.language or ""
    if whole:
        found = await announcements.archive(tx, language=language)
        known = _settled(await dispositions.settled(tx, digest.slug))
    else:
        found, known = await announcements.unsettled(tx, digest.slug, line, language=language), {}
    ledger = Ledger(start_line=line, settled=known, last=last)
    merging = None if held else await _merging(tx, digest, window)
    wished = held or merging
    edits = await drafts.edits(tx, wished.id) if wished else Edits()
    verdicts = dropped(weigh(found, digest, ledger, window), edits)
    chosen = reworded(choose(verdicts, digest, edits), edits)
    day = (slot_at or window.until).astimezone(digest.zone).date()
    label = held.label if held else await editions.free_label(tx, digest.slug, day.isoformat())
    number = await editions.next_number(tx, digest.slug)
    introduction = to_html(edits.introduction)
    updated = await _updated(tx, digest, last, window)
    sealed = snapshot(
        chosen, digest, label=label, number=number, day=day, last=last, introduction=introduction, updated=updated
    )
    return Draft(
        digest=digest,
        window=window,
        day=day,
        slot_at=slot_at,
        verdicts=verdicts,
        chosen=chosen,
        snapshot=sealed,
        merging=merging,
    )


async def _merging(tx: Tx, digest: Digest, window: Window) -> Edition | None:
    held = await editions.held(tx, digest.slug)
    return held if held and held.until <= window.until else None


async def _updated(tx: Tx, digest: Digest, last: Edition | None, window: Window) -> list[Announcement]:
    """What it carried before and was edited since the last edition, where the digest lists that."""
    if digest.updates == "ignore" or last is None or last.sealed_at is None:
        return []
    language = digest.language or ""
    return await announcements.edited(tx, digest.slug, last.sealed_at, window.until, language=language)


async def held_draft(tx: Tx, digest: Digest, edition: Edition) -> Draft:
    """What a held edition would say if it were sealed now: its window is closed, but words and wishes may change."""
    window = Window(until=edition.until, by=edition.by)
    return await draft(tx, digest, window=window, slot_at=edition.slot_at, held=edition)


async def seal(tx: Tx, made: Draft, *, now: datetime, held: Edition | None = None) -> Edition:
    """Store the draft as a sealed edition (the `held` one, once approved), its entries and dispositions.

    EditionError when another process took the label or settled one of its announcements first.
    """
    if held is None:
        edition = await editions.add(tx, **_row(made, EditionStatus.SEALED, made.snapshot.number), now=now)
    else:
        approved = await editions.move(tx, held, EditionStatus.APPROVED, now=now)
        edition = await editions.seal(tx, approved, number=made.snapshot.number, now=now)
    await _merge(tx, made, edition, now)
    await editions.add_revision(tx, edition, made.snapshot, placed(made.chosen), now=now)
    carried = [verdict.announcement.id for verdict in made.chosen.all]
    too_old = [verdict.announcement.id for verdict in made.verdicts if verdict.too_old]
    for ids, disposition in ((carried, Disposition.CARRIED), (too_old, Disposition.TOO_OLD)):
        await dispositions.settle(tx, made.digest.slug, ids, disposition, edition.id, now)
    for verdict in made.verdicts:
        if verdict.dropped:
            why = verdict.why.removeprefix("dropped: ")
            row = verdict.announcement.id
            await dispositions.settle(tx, made.digest.slug, [row], Disposition.DROPPED, edition.id, now, why=why)
    return edition


async def hold(tx: Tx, made: Draft, *, now: datetime, why: str = WAITS) -> Edition:
    """Set the edition down for a person to approve; nothing is settled, and its window is closed."""
    edition = await editions.add(tx, **_row(made, EditionStatus.HELD, 0), now=now, why=why)
    await _merge(tx, made, edition, now)
    return edition


async def _merge(tx: Tx, made: Draft, into: Edition, now: datetime) -> None:
    """Give up the draft that nobody approved for this one, which holds all of it and what was wished for it."""
    if made.merging:
        await editions.move(tx, made.merging, EditionStatus.CANCELLED, now=now, why=f"merged into {into.label}")
        await drafts.inherit(tx, made.merging.id, into.id)


async def skip(tx: Tx, made: Draft, *, now: datetime) -> Edition:
    """Record that a slot came and too little was owed; all of it stays owed."""
    return await editions.add(tx, **_row(made, EditionStatus.SKIPPED, 0), now=now, why=made.why_empty)


async def cancel(tx: Tx, edition: Edition, *, now: datetime, why: str, mailed: bool) -> Edition:
    """Call an edition off; what it carried is owed again unless a mail may have gone. What was dropped stays out."""
    cancelled = await editions.move(tx, edition, EditionStatus.CANCELLED, now=now, why=why)
    if not edition.revision:
        out = (await drafts.edits(tx, edition.id)).of(Wish.DROP)
        await dispositions.drop(tx, edition.digest, out, edition.id, now)
    elif not mailed:
        await dispositions.release(tx, edition.id)
    return cancelled


class _Row(TypedDict):
    digest: str
    label: str
    number: int
    status: EditionStatus
    slot_at: datetime | None
    until: datetime
    by: Literal["arrival", "effective"]


def _row(made: Draft, status: EditionStatus, number: int) -> _Row:
    return _Row(
        digest=made.digest.slug,
        label=made.snapshot.label,
        number=number,
        status=status,
        slot_at=made.slot_at,
        until=made.window.until,
        by=made.window.by,
    )


def _settled(rows: Mapping[int, tuple[Disposition, str, str]]) -> dict[int, Settled]:
    return {key: Settled(disposition=what, label=label, why=why) for key, (what, label, why) in rows.items()}
