"""Editions and mailings as an operator reads them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from digest.deliveries.personalise import message_id
from digest.editions.flow import held_draft
from digest.errors import NotFound
from digest.letter import headers
from digest.model.deliveries import MailingKind
from digest.model.editions import Edition, EditionStatus, Snapshot, SnapshotItem
from digest.service.house import House
from digest.store import delivery_events, editions, mailings, shards
from digest.store.database import Tx
from digest.store.delivery_events import Doubt
from digest.store.histories import Letter
from digest.store.mailings import MailingRow
from digest.store.shards import Counts

COUNTS = ("Accepted", "Deferred", "Rejected", "Uncertain", "Withdrawn", "Owed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An edition, and how far its mailings have come, or one of them."""

    edition: Edition
    items: int
    mailing: str
    why: str
    numbers: Counts
    next_due: datetime | None
    of: MailingRow | None = None
    """The mailing it tells of; None for an edition as a whole."""

    @property
    def digest(self) -> str:
        return self.edition.digest

    @property
    def label(self) -> str:
        return self.edition.label

    @property
    def revision(self) -> int:
        return self.of.revision if self.of else self.edition.revision

    @property
    def named(self) -> str:
        """Its label, and which of an edition's mailings it is where there are several."""
        if self.of is None or (self.of.revision < 2 and self.edition.revision < 2):
            return self.label
        note = ", note" if self.of.kind is MailingKind.CORRECTION else ""
        return f"{self.label} (revision {self.of.revision}{note})"

    @property
    def number(self) -> int:
        return self.edition.number

    @property
    def status(self) -> str:
        return self.edition.status.value

    @property
    def audience(self) -> int:
        return self.numbers.audience

    @property
    def accepted(self) -> int:
        return self.numbers.accepted

    @property
    def owed(self) -> int:
        return self.numbers.owed + self.numbers.deferred

    @property
    def counts(self) -> tuple[int, ...]:
        """In the order of `COUNTS`."""
        return tuple(getattr(self.numbers, name.lower()) for name in COUNTS)

    def json(self) -> dict[str, object]:
        edition = self.edition
        return {
            "digest": edition.digest,
            "label": edition.label,
            "number": edition.number,
            "revision": self.revision,
            "kind": self.of.kind.value if self.of else MailingKind.EDITION.value,
            "status": edition.status.value,
            "slot": edition.slot_at,
            "until": edition.until,
            "sealed": edition.sealed_at,
            "sent": edition.sent_at,
            "items": self.items,
            "mailing": self.mailing,
            "audience": self.audience,
            **{name.lower(): count for name, count in zip(COUNTS, self.counts, strict=True)},
            "next_due": self.next_due,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One edition, sealed or held."""

    title: str
    row: Row
    items: tuple[tuple[str, str, str], ...]
    """(section, title, link)."""

    def json(self) -> dict[str, object]:
        entries = [{"section": section, "title": title, "url": link} for section, title, link in self.items]
        return self.row.json() | {"title": self.title, "entries": entries}


async def editions_listed(house: House, digest: str | None, limit: int | None) -> tuple[Row, ...]:
    """Editions of one digest or all, the newest first."""
    if digest is not None:
        house.digest(digest)
    async with house.store.read() as tx:
        return tuple([await row(house, tx, edition) for edition in await editions.listed(tx, digest, limit=limit)])


async def edition(house: House, digest: str, label: str) -> Shown:
    """One edition by its label."""
    house.digest(digest)
    async with house.store.read() as tx:
        found = await labelled(tx, digest, label)
        standing = await row(house, tx, found)
        held = await _held(house, tx, found)
        says = await editions.snapshot(tx, found.id, found.revision) if found.revision else held
    return Shown(title=house.digest(digest).title, row=standing, items=_items(says) if says else ())


async def labelled(tx: Tx, digest: str, label: str) -> Edition:
    """The edition of that label; NotFound names it."""
    found = await editions.by_label(tx, digest, label)
    if found is None:
        raise NotFound("no such edition; `editions list` names them", about=f"{digest} {label}")
    return found


async def mailings_listed(house: House) -> tuple[Row, ...]:
    """Every mailing, the newest first: of an edition that was corrected, several."""
    async with house.store.read() as tx:
        return tuple(
            [
                await _of_mailing(tx, edition, mailing)
                for edition in await editions.listed(tx)
                for mailing in reversed(await mailings.of_edition(tx, edition.id))
            ]
        )


async def uncertain(house: House, *, everything: bool) -> list[dict[str, object]]:
    """Deliveries nobody knows the end of; with `everything` those resolved since, too."""
    async with house.store.read() as tx:
        doubts = await delivery_events.doubts(tx, resolved=everything)
    return [_doubt(house, doubt) for doubt in doubts]


def _doubt(house: House, doubt: Doubt) -> dict[str, object]:
    return {
        "email": doubt.email,
        "digest": doubt.digest,
        "edition": doubt.edition,
        "message_id": message_id_of(house, doubt, doubt.handle),
        "since": doubt.since,
        "again": doubt.again,
        "resolved": doubt.resolved_at,
        "resolution": doubt.resolution,
    }


def message_id_of(house: House, letter: Letter | Doubt, handle: str) -> str | None:
    """The Message-ID of somebody's letter; None where its digest or its key has left the configuration since."""
    digest = house.settings.digests.get(letter.digest)
    if digest is None or letter.key_id not in house.keys.keys:
        return None
    return message_id(
        house.keys,
        edition_id=letter.edition_id,
        revision=letter.revision,
        sealed_at=letter.sealed_at,
        handle=handle,
        domain=headers.mailbox(house.settings.senders[digest.sender].from_).domain,
        key_id=letter.key_id,
    )


async def row(house: House, tx: Tx, found: Edition) -> Row:
    """The edition as a whole: of its earlier revisions only those count who have one, or may have it."""
    sent = [each for each in await mailings.of_edition(tx, found.id) if each.kind is MailingKind.EDITION]
    whole = await _of_mailing(tx, found, sent[-1] if sent else None)
    for mailing in sent[:-1]:
        earlier = await shards.counts(tx, mailing.id)
        whole = replace(
            whole, numbers=whole.numbers.plus(Counts(accepted=earlier.accepted, uncertain=earlier.uncertain))
        )
    held = await _held(house, tx, found)
    return replace(whole, of=None, items=len(held.items) if held else whole.items)


async def _held(house: House, tx: Tx, found: Edition) -> Snapshot | None:
    """What a draft that waits for somebody would say now; None for an edition that does not wait."""
    digest = house.settings.digests.get(found.digest)
    if digest is None or found.status is not EditionStatus.HELD:
        return None
    return (await held_draft(tx, digest, found)).snapshot


async def _of_mailing(tx: Tx, found: Edition, mailing: MailingRow | None) -> Row:
    why = await editions.why(tx, found.id)
    return Row(
        edition=found,
        items=len(await editions.contents(tx, found)),
        mailing=mailing.status.value if mailing else "",
        why=(mailing.why if mailing else "") or why,
        numbers=await shards.counts(tx, mailing.id) if mailing else Counts(),
        next_due=await shards.next_due(tx, mailing=mailing.id) if mailing else None,
        of=mailing,
    )


def _items(sealed: Snapshot) -> tuple[tuple[str, str, str], ...]:
    lead = (sealed.lead,) if sealed.lead else ()
    places: list[tuple[str, tuple[SnapshotItem, ...]]] = [("lead", lead)]
    places += [(section.title, section.items) for section in sealed.sections]
    places += [("more on the web", sealed.more)]
    return tuple(
        (place, version.title, version.link)
        for place, items in places
        for version in (item.version(sealed.language) for item in items)
    )
