"""Asking somebody by mail whether they want a digest: the subscriber's row and the note, in one transaction."""

from __future__ import annotations

from datetime import datetime

from digest.letter import headers, notes
from digest.letter.compile import note_message
from digest.letter.headers import Mailbox
from digest.model.deliveries import NoteKind
from digest.model.subscribers import Subscriber
from digest.service import ringing
from digest.service.house import House
from digest.service.letters import site_view
from digest.settings import Digest
from digest.store import notes as owed
from digest.store.database import Tx
from digest.subscribers import flow
from digest.subscribers.address import Address

EVERY = 600
"""Seconds in which one address gets one confirm note for a digest, however often it is asked for."""


async def ask(
    house: House, digest: Digest, address: Address, *, language: str, wording: str, ip: str = "", now: datetime
) -> None:
    """Owe a confirm note to an address that is not confirmed or suppressed; the caller learns nothing of that."""

    async def owe(tx: Tx, subscriber: Subscriber, token: str) -> None:
        await owed.add(
            tx,
            kind=NoteKind.CONFIRM,
            sender=digest.sender,
            address=subscriber.email_norm,
            message=confirm_message(house, digest, subscriber, token, language=language, now=now),
            dedupe_key=f"confirm:{digest.slug}:{subscriber.handle}:{int(now.timestamp()) // EVERY}",
            now=now,
            subscriber_id=subscriber.id,
        )
        await house.bell.ring(tx, ringing.NOTES, ringing.DUE)

    await flow.subscribe(
        house.store,
        house.keys,
        digest.slug,
        address,
        language=language,
        wording=wording,
        ip=ip,
        now=now,
        owe=owe,
    )


def confirm_message(
    house: House, digest: Digest, subscriber: Subscriber, token: str, *, language: str, now: datetime
) -> bytes:
    """The confirm note whole; nothing that the asker typed stands in it but the address it goes to."""
    site, sender = site_view(house), house.settings.senders[digest.sender]
    from_ = headers.mailbox(sender.from_)
    link = f"{site.url}/confirm/{token}"
    note = notes.confirm(house.templates, language=language, site=site, digest_title=digest.title, link=link)
    mac = house.keys.mac("note", subscriber.handle, token)
    return note_message(
        sender=from_,
        to=Mailbox("", subscriber.email_norm),
        subject=note.subject,
        text=note.text,
        html=note.html,
        message_id=headers.message_id(mac, from_.address.rpartition("@")[2]),
        date=now,
        reply_to=sender.reply_to or "",
    )
