"""A few words over a letter that is not what it looks like: a proof, a test, a rehearsal."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape

from digest.letter import again
from digest.letter.holes import Letter
from digest.templating.lines import wrap

_BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)
_BANNER = '<p style="margin:0;padding:8px 16px;background:#ffe9a8;color:#222222;font:14px/20px Arial,sans-serif">{}</p>'


def over_html(html: str, words: str) -> str:
    """The page with a banner at its top."""
    return _BODY.sub(lambda body: body[0] + _BANNER.format(escape(words)), html, count=1)


def over_text(text: str, words: str) -> str:
    return f"{wrap(words)}\n\n{text}"


def over_letter(letter: Letter, mark: str, words: str) -> Letter:
    """The letter of a mailing, its subject marked; one that is only text stays so."""
    html = over_html(letter.html, words) if letter.html else ""
    return replace(letter, subject=f"[{mark}] {letter.subject}", html=html, text=over_text(letter.text, words))


def over_note(raw: bytes, mark: str, words: str) -> bytes:
    """A note of ours as `note_message` made it, said anew under a banner."""
    said = again.read(raw)
    subject, text, html = f"[{mark}] {said.subject}", over_text(said.text, words), over_html(said.html, words)
    return replace(said, subject=subject, text=text, html=html).message()
