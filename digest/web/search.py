"""Looking for words in the editions that are out: what each says is read once and kept, for it never changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from digest.letter.headers import clean
from digest.model.editions import Edition, Snapshot
from digest.store import editions, retracting
from digest.store.database import Store

LONGEST = 100
MOST_WORDS = 6
MOST_EDITIONS = 500
"""The newest ones are looked through."""
MOST_FOUND = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One announcement of an edition, in one language."""

    public_id: str
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Found:
    edition: Edition
    titles: tuple[str, ...]


@dataclass(slots=True)
class Index:
    """What editions say, by their row and revision; one for a process."""

    lines: dict[tuple[int, int], tuple[Line, ...]] = field(default_factory=dict)

    async def find(self, store: Store, among: Iterable[Edition], text: str) -> tuple[Found, ...]:
        """The editions in which an announcement has all the words, in whatever case; the order is theirs."""
        wanted = text[:LONGEST].casefold().split()[:MOST_WORDS]
        found: list[Found] = []
        for edition in list(among)[:MOST_EDITIONS] if wanted else ():
            hits = [line for line in await self._of(store, edition) if all(word in line.words for word in wanted)]
            if hits and (titles := await _left(store, hits)):
                found.append(Found(edition, titles))
            if len(found) == MOST_FOUND:
                break
        return tuple(found)

    async def _of(self, store: Store, edition: Edition) -> tuple[Line, ...]:
        key = (edition.id, edition.revision)
        if key not in self.lines:
            async with store.read() as tx:
                self.lines[key] = _lines(await editions.snapshot(tx, *key))
        return self.lines[key]


def _lines(snapshot: Snapshot) -> tuple[Line, ...]:
    return tuple(
        Line(item.public_id, title := clean(version.title), f"{title} {version.summary}".casefold())
        for item in snapshot.items
        for version in item.versions
    )


async def _left(store: Store, hits: list[Line]) -> tuple[str, ...]:
    """Their titles, without what was taken back since."""
    async with store.read() as tx:
        gone = await retracting.retracted(tx, [line.public_id for line in hits])
    return tuple(dict.fromkeys(line.title for line in hits if line.public_id not in gone))
