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
from digest.settings import Digest
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
    await notes.add(
        tx,
        kind=kind,
        sender=sender,
        address=address,
        message=_message(house, sender, address, note, key, now),
        dedupe_key=dedupe_key,
        now=now,
        subscriber_id=subscriber,
    )
    await house.bell.ring(tx, ringing.NOTES, ringing.DUE)


def _message(house: House, sender: str, address: str, note: Note, key: str, now: datetime) -> bytes:
    declared = house.settings.senders[sender]
    from_ = headers.mailbox(declared.from_)
    return note_message(
        sender=from_,
        to=Mailbox("", address),
        subject=note.subject,
        text=note.text,
        html=note.html,
        message_id=headers.message_id(house.keys.mac("note", address, key), from_.address.rpartition("@")[2]),
        date=now,
        reply_to=declared.reply_to or "",
    )
