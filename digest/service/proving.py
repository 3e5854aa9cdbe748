"""Proofs: an edition as its readers will get it, to operators, ahead of the first letter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from digest.letter import headers
from digest.letter.banner import over_html, over_text
from digest.letter.headers import Mailbox
from digest.letter.holes import Letter
from digest.letter.notes import Note
from digest.model.deliveries import MailingKind, NoteKind
from digest.model.editions import Edition
from digest.service import letters, noting
from digest.service.alerting import once
from digest.service.house import House
from digest.store import notes
from digest.store.database import Tx
from digest.store.mailings import LetterRow

MOST = 3
"""Languages of which a proof is sent: the digest's own, and those that most have chosen."""


async def owe(
    house: House,
    tx: Tx,
    edition: Edition,
    rows: Sequence[LetterRow],
    *,
    at: datetime,
    draft: str = "",
    kind: MailingKind = MailingKind.EDITION,
) -> int:
    """Owe each address of `alerts.to` a proof of the first variants, in the caller's transaction; how many.

    `draft` is what names a draft that waits for one of them to approve it, "" for an edition that is sealed.
    The links of a proof lead to the front page: whoever follows them unsubscribes nobody.
    """
    slug = house.digest(edition.digest).sender
    written = 0
    for address in dict.fromkeys(house.settings.alerts.to):
        to = headers.mailbox(address)
        for row in [each for each in rows if each.html][:MOST]:
            key = f"{edition.id} {draft or edition.revision} {row.variant}"
            key += f" {kind}" if kind is not MailingKind.EDITION else ""
            written += await notes.add(
                tx,
                kind=NoteKind.PROOF,
                sender=slug,
                address=to.address,
                message=_message(house, edition, letters.letter_of(row), to, key, draft, at),
                dedupe_key=once("proof", key, to.address),
                now=at,
            )
    return written


def _message(house: House, edition: Edition, letter: Letter, to: Mailbox, key: str, draft: str, at: datetime) -> bytes:
    sender = house.settings.senders[house.digest(edition.digest).sender]
    shown = letter.shown(letters.specimen(house, letter, name=to.name, address=to.address))
    words = _asked(edition, letter, draft) if draft else _words(edition, letter)
    note = Note(
        subject=f"[{'To approve' if draft else 'Proof'}] {shown.subject}",
        text=over_text(shown.text, words),
        html=over_html(shown.html, words),
    )
    return noting.message(sender, to, note, mac=house.keys.mac("proof", key, to.address), date=at)


def _words(edition: Edition, letter: Letter) -> str:
    name = f"{edition.digest} {edition.label}"
    return (
        f"Proof of {name} ({letter.language}), as its readers will get it. Its links act on nobody. "
        f'To stop it before the first letter: digest editions pause {name} --why "…"'
    )


def _asked(edition: Edition, letter: Letter, draft: str) -> str:
    name = f"{edition.digest} {edition.label}"
    return (
        f"Draft of {name} ({letter.language}): it waits until somebody approves it. Its links act on nobody. "
        f"To let it go: digest editions approve {name} --draft {draft}. To change it first: digest editions edit --help"
    )
