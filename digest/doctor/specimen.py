"""A real message to look at: the next edition of a digest, or its last one, as it would be on the wire."""

from __future__ import annotations

from dataclasses import dataclass

from digest.deliveries import personalise
from digest.editions import flow
from digest.letter import headers
from digest.letter.compile import compile_letter
from digest.letter.holes import Letter, Personal
from digest.letter.render import reason
from digest.model.editions import Snapshot
from digest.model.subscribers import Basis
from digest.service import composing, letters, posting
from digest.service.house import House, now
from digest.settings import Digest
from digest.store import editions
from digest.subscribers import tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """One letter in the digest's own language, addressed to nobody that exists; its links are signed like real ones."""

    snapshot: Snapshot
    letter: Letter
    """With its holes open."""
    shown: Letter
    unsubscribe: str
    raw: bytes


async def specimen(house: House, digest: Digest) -> Specimen | None:
    """None while nothing is owed and no edition was made; LetterError or TemplateError for one that cannot be."""
    async with house.store.read() as tx:
        draft = await flow.draft(tx, digest, window=composing.window(None))
        last = await editions.last_sealed(tx, digest.slug)
        snapshot = None if draft.empty else draft.snapshot
        if snapshot is None and last is not None and last.revision:
            snapshot = await editions.snapshot(tx, last.id, last.revision)
    if snapshot is None:
        return None
    letter = letters.rendered(house, snapshot, ())[0]
    somebody = _nobody(house, digest, letter)
    return Specimen(
        snapshot=snapshot,
        letter=letter,
        shown=letter.shown(somebody),
        unsubscribe=somebody.unsubscribe,
        raw=compile_letter(letter, posting.heading(house, digest)).personalise(somebody),
    )


def _nobody(house: House, digest: Digest, letter: Letter) -> Personal:
    handle, links = tokens.new_handle(), posting.links(house, digest.slug, house.keys.current)
    author = headers.mailbox(house.settings.senders[digest.sender].from_).address
    before, after = links.mailto or ("", "")
    leave, visit = (made([handle])[0].decode() for made in (links.leave, links.visit))
    return Personal(
        name="Nobody",
        address="nobody@example.org",
        reason=reason(letters.templates_of(house, digest), letter.language, Basis.CONSENT),
        unsubscribe=links.unsubscribe + leave,
        manage=links.manage + visit,
        message_id=personalise.message_id(
            house.keys,
            edition_id=0,
            revision=0,
            sealed_at=now(),
            handle=handle,
            domain=author.rpartition("@")[2],
            key_id=house.keys.current,
        ),
        date=now(),
        mailto=f"{before}{leave}{after}" if links.mailto else "",
    )
