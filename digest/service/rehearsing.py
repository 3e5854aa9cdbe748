"""A rehearsal: all goes as it would, but every mail to one address, under a banner, with links that act on nobody."""

from __future__ import annotations

from digest.letter.banner import over_letter
from digest.letter.holes import Letter
from digest.settings import Settings
from digest.store import instance
from digest.store.database import Store

MARK = "Rehearsal"
WORDS = "A rehearsal: everybody's mail comes to this one address, and its links act on nobody."
_WHY = "it was rehearsed with: what it believes to be sent went to one address"


async def look(store: Store, settings: Settings) -> None:
    """Remember that a store was rehearsed with; one that then goes live sends nothing until it is claimed."""
    async with store.read() as tx:
        rehearsed = await instance.rehearsed(tx)
    if rehearsed == bool(settings.rehearsal):
        return
    async with store.write() as tx:
        if settings.rehearsal:
            await instance.rehearse(tx)
        else:
            await instance.rehearse(tx, over=True)
            await instance.hold(tx, _WHY)


def marked(letter: Letter) -> Letter:
    """A letter of a mailing as it goes in a rehearsal."""
    return over_letter(letter, MARK, WORDS)
