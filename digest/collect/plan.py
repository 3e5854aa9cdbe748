"""What to do with each item of a document, decided before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from digest.collect.clean import Cleaned
from digest.collect.fingerprint import fingerprint
from digest.collect.fold import World, fold
from digest.collect.identify import Known
from digest.collect.links import other_scheme
from digest.collect.text import html_text, title_key
from digest.model import codec
from digest.model.announcements import Item, Picture
from digest.store.items import StoredItem

K = TypeVar("K")
V = TypeVar("V")

_ENOUGH = 3
"""Items that must be there again before a whole site is taken for moved."""


@dataclass(slots=True)
class Plan:
    """`minted` are items that begin an announcement; announcement -1 is the first of them, -2 the second."""

    minted: list[Item] = field(default_factory=list)
    new: list[tuple[Item, int]] = field(default_factory=list)
    """Every new item with its announcement."""
    revised: dict[int, tuple[Item, int]] = field(default_factory=dict)
    """Row id -> the item as it is now, and its announcement; a reader would notice."""
    amended: dict[int, tuple[Item, int]] = field(default_factory=dict)
    """The same where a reader would not: a category, an author, a date's spelling."""
    unchanged: list[int] = field(default_factory=list)
    renamed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Stored ident -> further names it was seen under."""


def matched(items: Sequence[Known], stored: Mapping[str, StoredItem]) -> dict[str, StoredItem]:
    """Ident -> the stored item that it is; `stored` are this source's items by their names."""
    idents = {known.item.ident for known in items}
    shared = Counter(known.item.link for known in items)
    found: dict[str, StoredItem] = {}
    met: set[int] = set()
    for known in items:
        old = _stored(known.item, stored, idents, shared)
        if old is not None and old.id not in met:
            met.add(old.id)
            found[known.item.ident] = old
    return found


def moved(
    items: Sequence[Known], known: Mapping[str, StoredItem], titled: Iterable[StoredItem]
) -> dict[str, StoredItem]:
    """When more than half of a document is new by its names, and yet not by title and day: the site was moved.

    Ident -> the stored item; nothing when it is no such case. Each title and day must stand for one item only, and
    where they are too few to tell, each item must say the very same.
    """
    new = [each.item for each in items if each.item.ident not in known]
    if len(new) * 2 <= len(items):
        return {}
    taken = {old.id for old in known.values()}
    before = _once(((old.title_key, old.published_on), old) for old in titled if old.id not in taken)
    after = _once(((title_key(item.title), item.published_on), item) for item in new)
    found = {item.ident: before[face] for face, item in after.items() if face in before}
    if len(found) >= _ENOUGH and len(found) * 2 > len(new):
        return found
    return {item.ident: found[item.ident] for item in new if _says_the_same(item, found.get(item.ident))}


def _says_the_same(item: Item, old: StoredItem | None) -> bool:
    return old is not None and item.published_on is not None and old.fingerprint == item.fingerprint


def _once(pairs: Iterable[tuple[K, V]]) -> dict[K, V]:
    listed = list(pairs)
    count = Counter(key for key, _ in listed)
    return {key: value for key, value in listed if count[key] == 1}


def keeping_text(item: Item, text: tuple[str, str]) -> Item:
    """The item with the whole text that we have, in place of the excerpt that its source gives now."""
    content, summary = text
    body = Cleaned(content, html_text(content))
    print_ = fingerprint(item.title, summary, body, item.link, item.enclosures, item.facts)
    return replace(item, content=content, summary=summary, full_text=True, fingerprint=print_)


def plan(items: Sequence[Known], matches: Mapping[str, StoredItem], world: World, source_id: int) -> Plan:
    """Decide for each item: new, revised, amended or unchanged; `matches` are those we have, by ident."""
    made = Plan()
    for known in items:
        old = matches.get(known.item.ident)
        if old is not None:
            _update(made, known.item, old)
        else:
            _place(made, known, world, source_id)
    return made


def _stored(
    item: Item, stored: Mapping[str, StoredItem], idents: set[str], shared: Mapping[str, int]
) -> StoredItem | None:
    """The item as we know it: under its ident, else at its link, if the link is its own and nobody else answers to it.

    So a site that changed its guids announces nothing twice.
    """
    old = stored.get(item.ident)
    if old is None and item.link and shared[item.link] == 1:
        old = stored.get(item.link) or stored.get(other_scheme(item.link))
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
    now = (picture, item.published_raw, codec.dumps(item.categories), codec.dumps(item.authors), item.language)
    return now != (old.picture, old.published_raw, old.categories, old.authors, old.language)


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
