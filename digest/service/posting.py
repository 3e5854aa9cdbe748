"""What sending needs, wired from the house: compiled letters, personal links, and the reason one gets this."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache, lru_cache, partial
from urllib.parse import quote, urlsplit

from digest.deliveries.context import Context, plain_envelope
from digest.deliveries.incident import Incident
from digest.deliveries.journal import Journal
from digest.deliveries.personalise import Links
from digest.deliveries.signing import signers
from digest.engine.loop import settle_in
from digest.letter import headers
from digest.letter.banner import over_note
from digest.letter.compile import Compiled, compile_letter
from digest.letter.headers import Heading
from digest.letter.plain import compile_plain
from digest.letter.render import reason
from digest.service import alerting, letters, rehearsing
from digest.service.following import follow
from digest.service.house import House, now
from digest.settings import Digest
from digest.store.database import Tx
from digest.store.mailings import LetterRow, MailingRow
from digest.subscribers import tokens, verp

_settled = cache(settle_in)
"""Once a process: what came later may be gone again."""


def context(house: House) -> Context:
    """One for a process: it remembers which relays were down. ConfigError for a key that cannot sign, or is open."""
    _settled()
    worker = secrets.token_hex(8)
    # Asked for at each shard; a mailing has a letter for each language.
    compiled = lru_cache(maxsize=32)(partial(_compiled, house))

    async def alert(tx: Tx, incident: Incident) -> None:
        await alerting.hear(house, tx, incident, at=now())

    return Context(
        store=house.store,
        keys=house.keys,
        senders=house.settings.senders,
        digests=house.settings.digests,
        compile=lambda mailing, row: compiled(mailing.digest, row),
        links=lambda digest, key_id: links(house, digest, key_id),
        reason=lambda digest, language, basis, day: _reason(house, digest, language, basis, day),
        envelope=lambda address, mailing: _envelope(house, address, mailing),
        signers={slug: signers(sender) for slug, sender in house.settings.senders.items()},
        rehearsal=house.settings.rehearsal,
        rehearsed=lambda note: over_note(note, rehearsing.MARK, rehearsing.WORDS),
        moved=follow,
        alert=alert,
        clock=house.clock.asked_often,
        owner=worker,
        journal=Journal(house.settings.journal_folder, worker),
    )


def heading(house: House, digest: Digest) -> Heading:
    """What every letter of a digest says of its sender and its list."""
    site, sender = house.settings.site, house.settings.senders[digest.sender]
    host = urlsplit(site.url).hostname or "localhost"
    return Heading(
        sender=headers.mailbox(sender.from_),
        list_title=digest.title,
        list_id=f"{digest.slug}.{host if '.' in host else f'{host}.localdomain'}",
        reply_to=sender.reply_to or "",
        archive=f"{site.url}/editions/{digest.slug}/",
        help=f"{site.url}/subscribe/{digest.slug}",
    )


def links(house: House, digest: str, key_id: str) -> Links:
    """Everybody's own addresses in a mailing; the mailto only where its mail is read."""
    url = house.settings.site.url
    if house.settings.rehearsal:
        # Whoever tries them in a rehearsal is told that they lead nowhere, and takes nobody off.
        return Links(
            unsubscribe=f"{url}/unsubscribe/", leave=_nobody, manage=f"{url}/manage/", visit=_nobody, mailto=None
        )
    intake = house.settings.senders[house.settings.digests[digest].sender].unsubscribe_mailto
    mailto = None
    if intake:
        local, _, domain = headers.mailbox(intake).address.rpartition("@")
        mailto = (f"mailto:{quote(f'{local}+')}", f"@{domain}?subject=unsubscribe")
    return Links(
        unsubscribe=f"{url}/unsubscribe/",
        leave=tokens.lasting(house.keys, tokens.Purpose.UNSUBSCRIBE, digest, key_id=key_id),
        manage=f"{url}/manage/",
        visit=tokens.lasting(house.keys, tokens.Purpose.MANAGE, digest, key_id=key_id),
        mailto=mailto,
    )


def _nobody(handles: Sequence[str]) -> list[bytes]:
    return [b"rehearsal"] * len(handles)


def _envelope(house: House, address: str, mailing: MailingRow) -> Callable[[Sequence[str]], Sequence[str]]:
    """Only an address that is declared for bounces bears a token: others may know no plus sign."""
    sender = house.settings.senders[house.digest(mailing.digest).sender]
    if not sender.bounces or house.settings.rehearsal:
        return plain_envelope(address, mailing)

    def made(handles: Sequence[str]) -> list[str]:
        return [verp.envelope(house.keys, address, handle, mailing.id, key_id=mailing.key_id) for handle in handles]

    return made


def _compiled(house: House, digest: str, row: LetterRow) -> Compiled:
    compiling = compile_letter if row.html else compile_plain
    letter = letters.letter_of(row)
    letter = rehearsing.marked(letter) if house.settings.rehearsal else letter
    return compiling(letter, heading(house, house.digest(digest)))


def _reason(house: House, digest: str, language: str, basis: str, day: date | None) -> str:
    return reason(letters.templates_of(house, house.digest(digest)), language, basis, day)
