"""Correcting an edition: pause it, seal its next revision, send that to whoever has none, and tell the others.

Whoever was accepted, or is in doubt, never gets a second revision; nobody else gets the note.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.deliveries import flow as deliveries
from digest.deliveries.replay import replay
from digest.deliveries.seal import freeze, seal
from digest.editions.correct import Correction, correct, correction
from digest.errors import EditionError
from digest.letter import correction as telling
from digest.letter.holes import new_markers
from digest.model.deliveries import MailingKind
from digest.model.editions import PUBLISHED, Edition, EditionStatus, Snapshot
from digest.service import collecting, letters, proving, publishing, ringing, sending, steering, stopping, witness
from digest.service.house import House, now
from digest.service.posting import context
from digest.service.reading import labelled
from digest.service.sending import Ask, Bar, Sent
from digest.store import audiences, audit, editions, leftovers, mailings, shards
from digest.store.database import Tx
from digest.store.mailings import LetterRow

PATIENCE = 45.0
"""Seconds that letters on their way may take to be answered, or their worker's lease to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`note` is what readers are told who have it already, "" to tell them nothing; `grace` in seconds."""

    digest: str
    label: str
    why: str
    note: str
    grace: float | None
    by: str
    ask: Ask
    progress: Bar


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A correction with its letters; `told` are the notes to those who have an earlier revision."""

    made: Correction
    rows: tuple[LetterRow, ...]
    told: tuple[LetterRow, ...]


async def run(house: House, request: Request) -> Sent:
    """Correct an edition and deliver the correction; EditionError where it would say the same, and it stays paused."""
    digest = house.digest(request.digest)
    await witness.refuse(house.store)
    await stopping.refuse(house)
    edition = await _paused(house, request)
    await collecting.refresh(house, fresh=timedelta(0))
    await freeze(house.store, now=now())
    await _quiet(house, edition)
    prepared = await _prepared(house, edition, request.note)
    if not request.ask(await _announced(house, prepared)):
        return Sent(
            words=f"{edition.digest} {edition.label} stays {edition.status}; nothing was changed.", settled=False
        )
    grace = timedelta(seconds=request.grace) if request.grace is not None else digest.grace
    async with house.store.write() as tx:
        owed = await _seal(house, tx, prepared, request, now() + grace)
    await witness.attest(house.store, house.settings)
    await freeze(house.store, now=now())
    await publishing.build(house)
    return await _delivered(house, request, owed, grace)


async def _paused(house: House, request: Request) -> Edition:
    """The edition, with nothing of it begun any more."""
    async with house.store.read() as tx:
        edition = await labelled(tx, request.digest, request.label)
    if edition.status not in PUBLISHED:
        raise EditionError(
            f"is {edition.status}: there is nothing to correct", about=f"{edition.digest} {edition.label}"
        )
    if edition.status in (EditionStatus.SEALED, EditionStatus.SENDING):
        why = f"being corrected: {request.why}"
        return await steering.act(house, "pause", edition.digest, edition.label, why, by=request.by)
    return edition


async def _quiet(house: House, edition: Edition) -> None:
    """Wait until every letter that was on its way is answered, or in doubt because its worker is gone."""
    until = time.monotonic() + PATIENCE
    await replay(context(house))
    while True:
        async with house.store.read() as tx:
            mine = {mailing.id for mailing in await mailings.of_edition(tx, edition.id)}
            if not mine & await shards.at_work(tx, now()):
                return
        if time.monotonic() > until:
            raise EditionError(
                "letters are still on their way; it is paused, try again in a minute",
                about=f"{edition.digest} {edition.label}",
            )
        await asyncio.sleep(0.2)


async def _prepared(house: House, edition: Edition, note: str) -> _Prepared:
    digest = house.digest(edition.digest)
    environment = letters.templates_of(house, digest)
    words = " ".join(note.split()) or telling.words(environment, digest.language or "en", now().date())
    async with house.store.read() as tx:
        made = await correction(tx, digest, edition, words=words)
        languages = await audiences.languages(tx, edition.digest)
    about = f"{edition.digest} {edition.label}"
    if not made.differences:
        paused = edition.status is EditionStatus.PAUSED
        raise EditionError(
            f"would say the same again; it is {edition.status}. Change it first, where it was announced or by "
            f"`digest editions edit`" + f", or let it go on by `digest editions resume {about}`" * paused,
            about=about,
        )
    if not made.snapshot.items:
        raise EditionError(f"would hold nothing any more: `digest editions cancel {about}` calls it off", about=about)
    rows = letters.rows(letters.rendered(house, made.snapshot, languages))
    told = _told(house, made.snapshot, [row.language for row in rows]) if note.strip() else ()
    return _Prepared(made, rows, told)


def _told(house: House, snapshot: Snapshot, languages: Sequence[str]) -> tuple[LetterRow, ...]:
    environment = letters.templates_of(house, house.digest(snapshot.digest))
    markers = new_markers(secrets.token_hex)
    return letters.rows(
        telling.render(
            snapshot, language=tag, site=letters.site_view(house, tag), environment=environment, markers=markers
        )
        for tag in languages
    )


async def _announced(house: House, prepared: _Prepared) -> str:
    """What is about to happen, in words: what changes, and who gets what."""
    edition = prepared.made.edition
    async with house.store.read() as tx:
        new, old = await _numbers(tx, edition)
    lines = [f"{edition.digest} {edition.label} becomes revision {edition.revision + 1}:"]
    lines += [f"  {each}" for each in prepared.made.differences]
    lines += [f"{new} have none yet and get it."] if edition.status is not EditionStatus.SENT else []
    if old:
        words = "get the note" if prepared.told else 'are told nothing: --note "…" tells them'
        lines.append(f"{old} have an earlier one, or may have it, and {words}.")
    return "\n".join(lines)


async def _numbers(tx: Tx, edition: Edition) -> tuple[int, int]:
    return await audiences.correctable(tx, edition.digest, edition.id, edition.revision + 1, now())


async def _seal(
    house: House, tx: Tx, prepared: _Prepared, request: Request, start: datetime
) -> list[tuple[MailingKind, int]]:
    """The next revision with its mailings, in one transaction; an edition that was sent gets only the note's."""
    was = prepared.made.edition
    for mailing in await mailings.of_edition(tx, was.id):
        why = f"corrected by revision {was.revision + 1}"
        if not await deliveries.cancel(tx, mailing.id, why=why, now=now()):
            await leftovers.hold(tx, mailing.id)
    edition = await correct(tx, prepared.made, now=now(), why=request.why)
    kinds = [(MailingKind.CORRECTION, prepared.told)] if prepared.told else []
    if edition.status is not EditionStatus.SENT:
        kinds.insert(0, (MailingKind.EDITION, prepared.rows))
        edition = await editions.move(tx, edition, EditionStatus.SENDING, now=now())
    owed = []
    for kind, rows in kinds:
        owed.append((kind, await _owe(house, tx, edition, kind, rows, start)))
    await audit.add(
        tx,
        at=now(),
        who=request.by,
        action="correct",
        subject=f"{edition.digest} {edition.label}",
        was=f"revision {was.revision}",
        became=f"revision {edition.revision}: {'; '.join(prepared.made.differences)}",
        why=request.why,
    )
    return owed


async def _owe(
    house: House, tx: Tx, edition: Edition, kind: MailingKind, rows: tuple[LetterRow, ...], start: datetime
) -> int:
    mailing = await seal(
        tx,
        edition_id=edition.id,
        revision=edition.revision,
        kind=kind,
        digest=edition.digest,
        key_id=house.keys.current,
        letters=rows,
        now=now(),
        start_at=start,
    )
    await proving.owe(house, tx, edition, rows, at=now(), kind=kind)
    await house.bell.ring(tx, ringing.MAILING, str(mailing))
    return mailing


async def _delivered(house: House, request: Request, owed: Sequence[tuple[MailingKind, int]], grace: timedelta) -> Sent:
    said = [f"{request.digest} {request.label} is corrected."]
    settled = True
    for kind, mailing in owed:
        name = "The note" if kind is MailingKind.CORRECTION else "The corrected edition"
        done = await sending.go_on(house, mailing, grace=grace, name=name, progress=request.progress)
        said.append(done.words)
        settled = settled and done.settled
    return Sent(words=" ".join(said), settled=settled)
