"""A few words over a letter that is not what it looks like: a proof, a test, a rehearsal."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from html import escape

from digest.letter import headers
from digest.letter.compile import note_message
from digest.letter.holes import Letter

_BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)
_BANNER = '<p style="margin:0;padding:8px 16px;background:#ffe9a8;color:#222222;font:14px/20px Arial,sans-serif">{}</p>'


def over_html(html: str, words: str) -> str:
    """The page with a banner at its top."""
    return _BODY.sub(lambda body: body[0] + _BANNER.format(escape(words)), html, count=1)


def over_text(text: str, words: str) -> str:
    return f"{words}\n\n{text}"


def over_letter(letter: Letter, mark: str, words: str) -> Letter:
    """The letter of a mailing, its subject marked; one that is only text stays so."""
    html = over_html(letter.html, words) if letter.html else ""
    return replace(letter, subject=f"[{mark}] {letter.subject}", html=html, text=over_text(letter.text, words))


def over_note(raw: bytes, mark: str, words: str) -> bytes:
    """A note of ours as `note_message` made it, said anew under a banner."""
    note = email.message_from_bytes(raw, policy=email.policy.default)
    text, html = note.get_body(("plain",)), note.get_body(("html",))
    return note_message(
        sender=headers.mailbox(str(note["From"])),
        to=headers.mailbox(str(note["To"])),
        subject=f"[{mark}] {note['Subject']}",
        text=over_text(text.get_content() if text else "", words),
        html=over_html(html.get_content() if html else "", words),
        message_id=str(note["Message-ID"]),
        date=note["Date"].datetime,
        reply_to=str(note["Reply-To"] or ""),
    )
