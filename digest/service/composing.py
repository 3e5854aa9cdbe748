"""From what is owed to a sealed edition with its mailing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.deliveries.seal import freeze
from digest.deliveries.seal import seal as owe_mail
from digest.editions import flow
from digest.editions.flow import Draft
from digest.editions.owe import Window
from digest.errors import EditionError, UsageError
from digest.model.editions import Edition, EditionStatus
from digest.service import letters, proving, ringing, watching, witness
from digest.service.house import House, now
from digest.service.planning import planned
from digest.service.reading import labelled
from digest.settings import Digest
from digest.store import audiences, audit, editions, mailings, schedules
from digest.store.database import Tx
from digest.store.schedules import OwedSlot


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """What composing came to; `edition` is None when nothing was owed."""

    edition: Edition | None
    words: str


async def compose(house: House, slug: str, *, at: datetime | None) -> Composed:
    """Seal by hand what is owed now, or what was owed at `at`; the same `at` again gives the same edition."""
    digest = house.digest(slug)
    past(at)
    if at is not None:
        async with house.store.read() as tx:
            made = await editions.made_for(tx, slug, at)
        if made is not None:
            return Composed(edition=made, words=f"{slug} {made.label} was made already: it is {made.status}.")
    else:
        from digest.service import collecting  # parsers are heavy, and what is sealed needs none

        await collecting.refresh(house)
    return await seal(house, slug, window=window(at), grace=digest.grace)


async def seal(
    house: House,
    slug: str,
    *,
    window: Window,
    slot: OwedSlot | None = None,
    grace: timedelta,
) -> Composed:
    """Draft, render and seal in one transaction; hold instead where a person must approve; say so when empty.

    The `slot` is answered in it, by whoever is first: EditionError for the others. So is a held draft given up that
    goes into it; where that would leave nothing it stays held.
    """
    digest = house.digest(slug)
    async with house.store.read() as tx:
        slot_at = slot.at if slot else None
        draft = await flow.draft(tx, digest, window=window, slot_at=slot_at)
        languages, text_only = await audiences.languages(tx, slug), await audiences.wants_text(tx, slug)
    if draft.empty:
        return await _nothing(house, draft, slot)
    sealed = letters.rows(letters.rendered(house, draft.snapshot, languages), text_only=text_only)
    held_for = await _held_for(house, digest)
    async with house.store.write() as tx:
        await _answer(tx, slot)
        if held_for:
            edition = await hold(house, tx, draft, sealed, why=held_for)
        else:
            edition = await flow.seal(tx, draft, now=now())
            await _owe_mail(tx, house, edition, sealed, grace)
        if slot:
            await schedules.name_edition(tx, slot, edition.id)
    await witness.attest(house.store, house.settings)
    await freeze(house.store, now=now())
    words = _words(edition, draft)
    if edition.status is not EditionStatus.HELD:
        async with house.store.read() as tx:
            mailing = await mailings.by_edition(tx, edition.id)
            people = mailing.audience if mailing else 0
            words += f" {await planned(house, tx, digest, people, start=now() + grace)}."
    return Composed(edition=edition, words=words)


async def _held_for(house: House, digest: Digest) -> str:
    """Why a person has to approve what would be sealed now; "" where nobody has to."""
    if digest.approval == "manual":
        return flow.WAITS
    stale = await watching.unread(house) if digest.on_stale == "hold" else ()
    return f"{flow.WAITS}: {'; '.join(stale)}" if stale else ""


async def hold(
    house: House, tx: Tx, draft: Draft, rows: tuple[mailings.LetterRow, ...], *, why: str = flow.WAITS
) -> Edition:
    """Set the draft down for a person to approve, and show it to the operators."""
    edition = await flow.hold(tx, draft, now=now(), why=why)
    await proving.owe(house, tx, edition, rows, at=now(), draft=draft.short)
    return edition


async def approve(house: House, edition: Edition, *, grace: timedelta, named: str, by: str, why: str = "") -> Edition:
    """Seal a held edition, if `named` is what its fingerprint begins with. No mail goes before its slot."""
    digest = house.digest(edition.digest)
    async with house.store.read() as tx:
        draft = await flow.held_draft(tx, digest, edition)
        languages, text_only = await audiences.languages(tx, digest.slug), await audiences.wants_text(tx, digest.slug)
    about = f"{edition.digest} {edition.label}"
    if draft.empty:
        raise EditionError("nothing in it is owed any more", about=about)
    if not draft.fingerprint.startswith(named):
        raise EditionError(f'"{named}" is not this draft, which is now {draft.short}: look at it again', about=about)
    sealed = letters.rows(letters.rendered(house, draft.snapshot, languages), text_only=text_only)
    async with house.store.write() as tx:
        approved = await flow.seal(tx, draft, now=now(), held=edition)
        wait = max(timedelta(0), (edition.slot_at or now()) - now())
        await _owe_mail(tx, house, approved, sealed, wait + grace)
        became = f"sealed {draft.short}"
        await audit.add(
            tx, at=now(), who=by, action="approve", subject=about, was=edition.status, became=became, why=why
        )
    await witness.attest(house.store, house.settings)
    await freeze(house.store, now=now())
    return approved


async def held(tx: Tx, digest: Digest, label: str) -> tuple[Edition, Draft]:
    """The edition that waits under this label, and what it would say; EditionError when it does not wait."""
    edition = await labelled(tx, digest.slug, label)
    if edition.status is not EditionStatus.HELD:
        raise EditionError(f"is {edition.status}, not held", about=f"{digest.slug} {label}")
    return edition, await flow.held_draft(tx, digest, edition)


def window(at: datetime | None) -> Window:
    """Up to `at` by the announcements' own time; live, up to now by arrival."""
    return Window(until=at, by="effective") if at else Window(until=now())


def past(at: datetime | None) -> None:
    """Refuse a time to come: nobody knows yet what it will hold."""
    if at is not None and at > now():
        raise UsageError("lies in the future; `editions preview --at` looks ahead", about=at.isoformat())


async def _owe_mail(
    tx: Tx, house: House, edition: Edition, sealed: tuple[mailings.LetterRow, ...], grace: timedelta
) -> None:
    mailing = await owe_mail(
        tx,
        edition_id=edition.id,
        revision=edition.revision,
        digest=edition.digest,
        key_id=house.keys.current,
        letters=sealed,
        segment=house.digest(edition.digest).audience.segment,
        now=now(),
        start_at=now() + grace,
    )
    await proving.owe(house, tx, edition, sealed, at=now())
    await house.bell.ring(tx, ringing.MAILING, str(mailing))


async def _answer(tx: Tx, slot: OwedSlot | None) -> None:
    if slot and not await schedules.answer_slot(tx, slot):
        raise EditionError("was answered by another process just now", about=f"{slot.digest} {slot.key}")


async def _nothing(house: House, draft: Draft, slot: OwedSlot | None) -> Composed:
    slug, edition = draft.digest.slug, None
    if slot is not None:
        async with house.store.write() as tx:
            await _answer(tx, slot)
            edition = await flow.skip(tx, draft, now=now())
            await schedules.name_edition(tx, slot, edition.id)
    return Composed(edition=edition, words=f"{slug}: skipped, {draft.why_empty}.")


def _words(edition: Edition, draft: Draft) -> str:
    held = edition.status is EditionStatus.HELD
    what = "held until somebody approves it" if held else f"sealed as No. {edition.number}"
    count = len(draft.chosen.all)
    return f"{edition.digest} {edition.label}: {count} announcement{'' if count == 1 else 's'}, {what}."
