"""A note of ours read back from its bytes, to be said otherwise: under a banner, or by another sender."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from datetime import datetime

from digest.letter import headers
from digest.letter.compile import note_message
from digest.letter.headers import Mailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What `note_message` was given."""

    sender: Mailbox
    to: Mailbox
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime
    reply_to: str

    def message(self) -> bytes:
        return note_message(
            sender=self.sender,
            to=self.to,
            subject=self.subject,
            text=self.text,
            html=self.html,
            message_id=self.message_id,
            date=self.date,
            reply_to=self.reply_to,
        )


def read(raw: bytes) -> Said:
    """The note that these bytes are."""
    note = email.message_from_bytes(raw, policy=email.policy.default)
    text, html = note.get_body(("plain",)), note.get_body(("html",))
    return Said(
        sender=headers.mailbox(str(note["From"])),
        to=headers.mailbox(str(note["To"])),
        subject=str(note["Subject"]),
        text=text.get_content() if text else "",
        html=html.get_content() if html else "",
        message_id=str(note["Message-ID"]),
        date=note["Date"].datetime,
        reply_to=str(note["Reply-To"] or ""),
    )
