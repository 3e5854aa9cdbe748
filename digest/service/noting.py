"""A letter to one person, from the sender of a digest's notes."""

from __future__ import annotations

from datetime import datetime

from digest.letter import headers
from digest.letter.compile import note_message
from digest.letter.headers import Mailbox
from digest.letter.notes import Note
from digest.model.deliveries import NoteKind
from digest.service import ringing
from digest.service.house import House
from digest.settings import Digest, Sender
from digest.store import notes
from digest.store.database import Tx


async def owe(
    house: House,
    tx: Tx,
    note: Note,
    *,
    kind: NoteKind,
    digest: Digest,
    address: str,
    subscriber: int | None,
    key: str,
    dedupe_key: str,
    now: datetime,
) -> None:
    """Owe it in the caller's transaction, once for `dedupe_key`; its Message-ID is a MAC over `key`."""
    sender = digest.notes or digest.sender
    declared = house.settings.senders[sender]
    await notes.add(
        tx,
        kind=kind,
        sender=sender,
        address=address,
        message=message(declared, Mailbox("", address), note, mac=house.keys.mac("note", address, key), date=now),
        dedupe_key=dedupe_key,
        now=now,
        subscriber_id=subscriber,
    )
    await house.bell.ring(tx, ringing.NOTES, ringing.DUE)


def message(sender: Sender, to: Mailbox, note: Note, *, mac: bytes, date: datetime) -> bytes:
    """A note as it goes out from a declared sender; its Message-ID bears `mac`."""
    box = headers.mailbox(sender.from_)
    return note_message(
        sender=box,
        to=to,
        subject=note.subject,
        text=note.text,
        html=note.html,
        message_id=headers.message_id(mac, box.domain),
        date=date,
        reply_to=sender.reply_to or "",
    )
