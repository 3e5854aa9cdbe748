"""Is this item a new announcement, one that is known from another source, or a known one in another language?

Pure: it weighs what the flow loaded. When in doubt it mints: two entries for one thing annoy, one entry for two things
loses one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from digest.collect.identify import Known
from digest.collect.links import host_of, link_key
from digest.collect.text import title_key
from digest.model.announcements import Item, Precision
from digest.store.items import Candidate
from digest.store.minting import Contender

NEAR = timedelta(hours=48)
TOLD_WITHIN = timedelta(days=14)
"""How long after an edition a site may tell of it."""


@dataclass(slots=True)
class World:
    """What is known already, and what this document adds while it is read.

    Announcements that are still to be minted have negative numbers.
    """

    candidates: list[Candidate] = field(default_factory=list)
    named: dict[str, int] = field(default_factory=dict)
    """Names within the source -> announcement."""
    awaited: dict[str, int] = field(default_factory=dict)
    """Names that known translations give their original -> their announcement."""
    editions: int | None = None
    """The source that our own editions are."""
    _by_link: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _by_title: dict[str, list[Candidate]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for candidate in self.candidates:
            self._index(candidate)

    def add(self, item: Item, announcement_id: int, source_id: int) -> None:
        """Remember an item of this document."""
        for alias in item.aliases:
            self.named.setdefault(alias, announcement_id)
        if item.translation_of:
            self.awaited.setdefault(item.translation_of, announcement_id)
        self._index(candidate_of(item, announcement_id, source_id))

    def called(self, name: str) -> int | None:
        """The announcement that goes by a name in this source, or stands at that link anywhere."""
        for key in names_of(name):
            if key in self.named:
                return self.named[key]
        return self.by_link(link_key(name))

    def by_link(self, key: str) -> int | None:
        """The one announcement at a link; None when there are several, as with items that all point to a front page."""
        found = self._by_link.get(key, ())
        return next(iter(found)) if len(found) == 1 else None

    def by_title(self, key: str) -> Sequence[Candidate]:
        return self._by_title.get(key, ())

    def _index(self, candidate: Candidate) -> None:
        if candidate.link_key:
            self._by_link[candidate.link_key].add(candidate.announcement_id)
        if candidate.title_key:
            self._by_title[candidate.title_key].append(candidate)


def names_of(reference: str) -> tuple[str, ...]:
    """What another item of the source may be called by: its ident, or the name of its file."""
    return (reference, f"name:{reference}")


def own_names(item: Item) -> tuple[str, ...]:
    """What a translation may call this item by."""
    return tuple(dict.fromkeys((*item.aliases, *(alias.removeprefix("name:") for alias in item.aliases))))


def fold(known: Known, source_id: int, world: World) -> int | None:
    """The announcement that a new item belongs to; None when it is one of its own."""
    item = known.item
    for name in (item.translation_of, *known.translations):
        if name and (found := world.called(name)) is not None:
            return found
    for name in own_names(item):
        if name in world.awaited:
            return world.awaited[name]
    if item.link and (found := world.by_link(link_key(item.link))) is not None:
        return found
    mine = candidate_of(item, 0, source_id)
    same = {each.announcement_id for each in world.by_title(mine.title_key) if _is_same(mine, each, world.editions)}
    return next(iter(same)) if len(same) == 1 else None


def _is_same(mine: Candidate, other: Candidate, editions: int | None) -> bool:
    """Equal titles alone say little ("Newsflash"); they must be near in time, on one site, from different sources.

    A site's post that bears the title of one of our editions tells of that edition, wherever it stands.
    """
    if mine.source_id == other.source_id or mine.language != other.language:
        return False
    if editions in (mine.source_id, other.source_id):
        one, another = mine.published_on, other.published_on
        return one is not None and another is not None and abs(one - another) <= TOLD_WITHIN
    hosts = {host for host in (host_of(mine.link), host_of(other.link)) if host}
    return len(hosts) <= 1 and _is_near(mine, other)


def _is_near(mine: Candidate, other: Candidate) -> bool:
    if mine.published_at is None or other.published_at is None:
        return False
    if Precision.DAY.value in (mine.precision, other.precision):
        return mine.published_on == other.published_on
    return abs(mine.published_at - other.published_at) <= NEAR


def candidate_of(item: Item, announcement_id: int, source_id: int) -> Candidate:
    """An item as others are compared with it."""
    return Candidate(
        announcement_id=announcement_id,
        source_id=source_id,
        link=item.link,
        link_key=link_key(item.link),
        title_key=title_key(item.title),
        language=item.language,
        published_at=item.published_at,
        published_on=item.published_on,
        precision=item.precision.value,
    )


def best(contenders: Iterable[Contender], rank: Callable[[str], int]) -> Mapping[str, Contender]:
    """The item to show in each language: full text before an excerpt, then the better source, then the earlier seen."""
    chosen: dict[str, Contender] = {}
    for each in sorted(contenders, key=lambda one: (not one.full_text, rank(one.source), one.first_seen_at, one.id)):
        chosen.setdefault(each.language, each)
    return chosen
