"""What to do with each item of a document, decided before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from digest.collect.fold import World, fold
from digest.collect.identify import Known
from digest.model import codec
from digest.model.announcements import Item, Picture
from digest.store.items import StoredItem


@dataclass(slots=True)
class Plan:
    """`minted` are items that begin an announcement; announcement -1 is the first of them, -2 the second."""

    minted: list[Item] = field(default_factory=list)
    new: list[tuple[Item, int]] = field(default_factory=list)
    """Every new item with its announcement."""
    revised: dict[int, tuple[Item, int]] = field(default_factory=dict)
    """Row id -> the item as it is now, and its announcement; a reader would notice."""
    amended: dict[int, tuple[Item, int]] = field(default_factory=dict)
    """The same where a reader would not: a category, a date's spelling."""
    unchanged: list[int] = field(default_factory=list)
    renamed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Stored ident -> further names it was seen under."""


def plan(items: Sequence[Known], stored: Mapping[str, StoredItem], world: World, source_id: int) -> Plan:
    """Decide for each item: new, revised, amended or unchanged; `stored` are this source's items by their names."""
    made = Plan()
    idents = {known.item.ident for known in items}
    shared = Counter(known.item.link for known in items)
    met: set[int] = set()
    for known in items:
        old = _stored(known.item, stored, idents, shared)
        if old is not None and old.id not in met:
            met.add(old.id)
            _update(made, known.item, old)
        else:
            _place(made, known, world, source_id)
    return made


def _stored(
    item: Item, stored: Mapping[str, StoredItem], idents: set[str], shared: Mapping[str, int]
) -> StoredItem | None:
    """The item as we know it: under its ident, else at its link, if the link is its own and nobody else answers to it.

    So a site that moved or changed its guids announces nothing twice.
    """
    old = stored.get(item.ident)
    if old is None and item.link and shared[item.link] == 1:
        old = stored.get(item.link)
    return old if old is None or old.ident == item.ident or old.ident not in idents else None


def _update(made: Plan, item: Item, old: StoredItem) -> None:
    names = tuple(name for name in item.aliases if name != old.ident)
    if item.ident != old.ident or item.link != old.link:
        made.renamed[old.ident] = names
    item = replace(item, picture=_same_picture(item, old))
    if item.fingerprint != old.fingerprint:
        made.revised[old.id] = (item, old.announcement_id)
    elif _differs(item, old):
        made.amended[old.id] = (item, old.announcement_id)
    else:
        made.unchanged.append(old.id)


def _differs(item: Item, old: StoredItem) -> bool:
    picture = codec.dumps(item.picture) if item.picture else None
    now = (picture, item.published_raw, codec.dumps(item.categories), item.language)
    return now != (old.picture, old.published_raw, old.categories, old.language)


def _same_picture(item: Item, old: StoredItem) -> Picture | None:
    """The picture as we keep it already, if its address is still the same."""
    if item.picture is None or item.picture.sha256 or old.picture is None:
        return item.picture
    kept = codec.loads(Picture, old.picture)
    return replace(kept, alt=item.picture.alt) if kept.url == item.picture.url else item.picture


def _place(made: Plan, known: Known, world: World, source_id: int) -> None:
    item = known.item
    announcement_id = fold(known, source_id, world)
    if announcement_id is None:
        made.minted.append(item)
        announcement_id = -len(made.minted)
    made.new.append((item, announcement_id))
    world.add(item, announcement_id, source_id)
