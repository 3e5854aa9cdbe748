"""What a person asks for on the manage page and gets by mail: a link to say a new address, or to take their data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from digest.letter import notes
from digest.letter.notes import Subject
from digest.model.deliveries import NoteKind
from digest.service import joining, noting
from digest.service.house import House
from digest.service.letters import site_view
from digest.settings import Digest
from digest.store import subscribers, suppressions
from digest.store.address_changes import Change
from digest.store.database import Tx
from digest.subscribers import flow, moving, tokens
from digest.subscribers.address import Address
from digest.subscribers.joining import Person
from digest.subscribers.moving import Moved
from digest.subscribers.tokens import Claim, Purpose


class Ask(StrEnum):
    """What a fresh link is asked for."""

    ADDRESS = "address"
    EXPORT = "export"


_PURPOSES = {Ask.ADDRESS: Purpose.ADDRESS, Ask.EXPORT: Purpose.EXPORT}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """A link to mail: what about, to whom; `about` is the handle that its token bears."""

    subject: Subject
    path: str
    token: str
    about: str
    digest: str
    address: str
    subscriber: int | None
    language: str


async def link(house: House, found: Person, ask: Ask, *, now: datetime) -> None:
    """Mail a fresh link to the address we know; whoever pressed learns nothing, and no mailbox is filled."""
    who = found.subscriber
    if who is None:
        return
    letter = _Letter(
        subject=Subject(ask),
        path=f"manage/{ask}",
        token=tokens.passing(house.keys, _PURPOSES[ask], who.handle, found.claim.digest, now),
        about=who.handle,
        digest=found.claim.digest,
        address=who.email_norm,
        subscriber=who.id,
        language=who.language,
    )
    async with house.store.write() as tx:
        if await suppressions.is_suppressed(tx, who.email_norm):
            return
        if await joining.may_write(house, tx, flow.address(who.email), now):
            await _owe(house, tx, letter, now)


async def ask(house: House, found: Person, address: Address, *, ip: str, now: datetime) -> bool:
    """Mail the link that makes the change to a new address; False when too many ask. Whose it is, nobody is told."""
    async with house.store.write() as tx:
        if await joining.refused(house, tx, ip, now):
            return False
        if not await joining.may_write(house, tx, address, now):
            return True

    async def owe(tx: Tx, change: Change, token: str) -> None:
        letter = _Letter(
            subject=Subject.MOVE,
            path="manage/move",
            token=token,
            about=change.handle,
            digest=found.claim.digest,
            address=change.email_norm,
            # It may be a stranger's: nothing that is kept of one ties it to the other.
            subscriber=None,
            language=found.subscriber.language if found.subscriber else "",
        )
        await _owe(house, tx, letter, now)

    await moving.ask(house.store, house.keys, found, address, now=now, owe=owe)
    return True


async def move(house: House, claim: Claim, *, now: datetime) -> Moved:
    """Make the change, and tell the old address how to take it back."""

    async def tell(tx: Tx, change: Change, token: str) -> None:
        who = await subscribers.by_id(tx, change.subscriber_id)
        letter = _Letter(
            subject=Subject.MOVED,
            path="manage/back",
            token=token,
            about=change.handle,
            digest=claim.digest,
            address=change.was_norm,
            subscriber=change.subscriber_id,
            language=who.language if who else "",
        )
        await _owe(house, tx, letter, now)

    return await moving.move(house.store, house.keys, claim, now=now, tell=tell)


async def _owe(house: House, tx: Tx, letter: _Letter, now: datetime) -> None:
    digest, site = _digest(house, letter.digest), site_view(house)
    note = notes.manage(
        house.templates,
        subject=letter.subject,
        language=letter.language or digest.language or house.settings.site.language,
        site=site,
        digest_title=digest.title,
        link=f"{site.url}/{letter.path}/{letter.token}",
    )
    await noting.owe(
        house,
        tx,
        note,
        kind=NoteKind.MANAGE,
        digest=digest,
        address=letter.address,
        subscriber=letter.subscriber,
        key=letter.token,
        dedupe_key=f"{letter.subject}:{letter.about}:{int(now.timestamp()) // joining.EVERY}",
        now=now,
    )


def _digest(house: House, slug: str) -> Digest:
    """The digest of the letter that led here; where it is gone, another one's sender does as well."""
    return house.settings.digests.get(slug) or next(iter(house.settings.digests.values()))
