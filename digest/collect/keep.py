"""Write what a document said: one savepoint for many items, and one for each when that fails."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy.exc import DataError, IntegrityError, StatementError

from digest.collect.fold import World, best, names_of, own_names
from digest.collect.identify import Known
from digest.collect.links import link_key, other_scheme
from digest.collect.plan import Plan, keeping_text, matched, moved, plan
from digest.collect.text import title_key
from digest.model.announcements import EDITIONS, Item, Version
from digest.store import announcements, dispositions, items, minting, sources
from digest.store.database import Tx
from digest.store.items import Placed, StoredItem
from digest.store.minting import Contender, Minted, Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """For whom we write: the source, the digests that may announce it, and how sources rank."""

    source_id: int
    slug: str
    site_url: str
    digests: Sequence[str]
    rank: Callable[[str], int]
    baseline: Collection[str] = ()
    """Idents that were there before we began to listen."""
    now: datetime


@dataclass(slots=True)
class Kept:
    """What became of the items; `changed` says that feeds may look different now."""

    new: int = 0
    revised: int = 0
    unchanged: int = 0
    changed: bool = False
    complaints: tuple[str, ...] = ()
    again: bool = False
    """Whether something was not taken, and must be told again."""

    def add(self, other: Kept) -> None:
        self.again = self.again or other.again
        self.new += other.new
        self.revised += other.revised
        self.unchanged += other.unchanged
        self.changed = self.changed or other.changed
        self.complaints += other.complaints


async def keep(tx: Tx, known: Sequence[Known], keeper: Keeper) -> Kept:
    """Store these items; one that the database refuses is left out with a complaint and harms no other."""
    await minting.lock(tx)
    try:
        async with tx.begin_nested():
            return await _keep_all(tx, known, keeper)
    except (IntegrityError, DataError, StatementError, ValueError) as error:
        if len(known) == 1:
            title = known[0].item.title[:80]
            return Kept(again=True, complaints=(f"{title}: could not be stored: {str(error).splitlines()[0][:200]}",))
    kept = Kept()
    for each in known:
        kept.add(await keep(tx, [each], keeper))
    return kept


async def _keep_all(tx: Tx, known: Sequence[Known], keeper: Keeper) -> Kept:
    made = await _plan(tx, known, keeper)
    standing = {row for _, row in (*made.new, *made.revised.values(), *made.amended.values()) if row > 0}
    before = {each.id: each.versions for each in await announcements.many(tx, standing, retracted=True)}
    minted = await _mint(tx, made, keeper)
    ids = {-number: row for number, row in enumerate(minted, start=1)}
    await _write(tx, made, ids, keeper)
    await _choose(tx, standing, before, keeper)
    await _show_minted(tx, minted, keeper)
    if made.amended:
        await minting.touched(tx, [row for _, row in made.amended.values()], at=keeper.now)
    return Kept(
        new=len(made.new),
        revised=len(made.revised),
        unchanged=len(made.unchanged) + len(made.amended),
        changed=bool(made.new or made.revised or made.amended),
    )


async def _plan(tx: Tx, known: Sequence[Known], keeper: Keeper) -> Plan:
    wanted = {name for each in known for name in (*each.item.aliases, other_scheme(each.item.link)) if name}
    references = {name for each in known for name in (each.item.translation_of, *each.translations) if name}
    stored = await items.by_alias(
        tx, keeper.source_id, wanted | {name for reference in references for name in names_of(reference)}
    )
    matches = await _matches(tx, known, stored, keeper)
    known = await _with_whole_texts(tx, known, matches)
    fresh = [each.item for each in known if each.item.ident not in matches]
    found = await items.candidates(
        tx,
        link_keys=[*(link_key(item.link) for item in fresh), *(link_key(name) for name in references)],
        title_keys=(title_key(item.title) for item in fresh),
    )
    named = {name: item.announcement_id for name, item in stored.items()}
    awaited = await items.translating(tx, keeper.source_id, (name for item in fresh for name in own_names(item)))
    editions = await sources.get(tx, EDITIONS)
    world = World(candidates=found, named=named, awaited=awaited, editions=editions.id if editions else None)
    return plan(known, matches, world, keeper.source_id)


async def _matches(
    tx: Tx, known: Sequence[Known], stored: Mapping[str, StoredItem], keeper: Keeper
) -> dict[str, StoredItem]:
    found = matched(known, stored)
    new = [each for each in known if each.item.ident not in found]
    if len(new) * 2 > len(known):
        titled = await items.by_title(tx, keeper.source_id, (title_key(each.item.title) for each in new))
        found |= moved(known, found, titled)
    return found


async def _with_whole_texts(tx: Tx, known: Sequence[Known], matches: Mapping[str, StoredItem]) -> list[Known]:
    """An excerpt never takes the place of the whole text that we have."""
    cut = {
        each.item.ident: old.id
        for each in known
        if not each.item.full_text and (old := matches.get(each.item.ident)) is not None and old.full_text
    }
    whole = await items.texts(tx, cut.values())
    return [
        replace(each, item=keeping_text(each.item, whole[cut[each.item.ident]])) if each.item.ident in cut else each
        for each in known
    ]


async def _mint(tx: Tx, made: Plan, keeper: Keeper) -> list[int]:
    minted = [
        Minted(public_id=public_id(item, keeper), effective_at=min(item.published_at or keeper.now, keeper.now))
        for item in made.minted
    ]
    rows = await minting.mint(tx, minted, at=keeper.now)
    older = [row for row, item in zip(rows, made.minted, strict=True) if item.ident in keeper.baseline]
    await dispositions.baseline(tx, keeper.digests, older, keeper.now)
    return rows


async def _write(tx: Tx, made: Plan, ids: dict[int, int], keeper: Keeper) -> None:
    new = [_placed(item, ids.get(row, row)) for item, row in made.new]
    await items.add(tx, keeper.source_id, new, at=keeper.now)
    for changed, content in ((made.revised, True), (made.amended, False)):
        rows = {number: _placed(item, row) for number, (item, row) in changed.items()}
        await items.revise(tx, rows, at=keeper.now, content=content)
    await items.touch(tx, made.unchanged, at=keeper.now)
    await items.name(tx, keeper.source_id, made.renamed)


async def _choose(tx: Tx, ids: Collection[int], before: dict[int, tuple[Version, ...]], keeper: Keeper) -> None:
    """Show the best item of each announcement and language anew, keeping what changed versions said before."""
    standing = await minting.shown(tx, ids)
    bests = {row: best(each, keeper.rank) for row, each in (await minting.contenders(tx, ids)).items()}
    chosen: list[Shown] = []
    old: dict[int, list[Version]] = {}
    for row, language in standing:
        # Its last item in that language went, or says now that it is in another.
        if row in bests and language not in bests[row]:
            await minting.hide(tx, row, [language])
    for row, by_language in bests.items():
        for language, one in by_language.items():
            now_shown = standing.get((row, language))
            if now_shown and (now_shown.item_id, now_shown.fingerprint) == (one.id, one.fingerprint):
                continue
            same_words = now_shown is not None and now_shown.fingerprint == one.fingerprint
            at = now_shown.updated_at if now_shown and same_words else keeper.now
            chosen.append(_shown(one, at))
            if now_shown and not same_words:
                old.setdefault(row, []).extend(each for each in before.get(row, ()) if each.language == language)
    await minting.keep_revisions(tx, old, at=keeper.now)
    await minting.show(tx, chosen, at=keeper.now)


async def choose_again(tx: Tx, ids: Collection[int], keeper: Keeper) -> None:
    """After items went: show what is left of their announcements."""
    before = {each.id: each.versions for each in await announcements.many(tx, ids, retracted=True)}
    await _choose(tx, ids, before, keeper)
    await minting.touched(tx, ids, at=keeper.now)


async def _show_minted(tx: Tx, minted: Sequence[int], keeper: Keeper) -> None:
    found = await minting.contenders(tx, minted)
    chosen = [
        _shown(one, _own_date(one, keeper.now)) for each in found.values() for one in best(each, keeper.rank).values()
    ]
    await minting.show_new(tx, chosen)


def _own_date(item: Contender, now: datetime) -> datetime:
    """What is met for the first time last changed when it says it did, and never in the future."""
    said = [each for each in (item.published_at, item.updated_at) if each is not None]
    return min(max(said), now) if said else now


def _shown(item: Contender, at: datetime) -> Shown:
    return Shown(
        announcement_id=item.announcement_id,
        language=item.language,
        item_id=item.id,
        fingerprint=item.fingerprint,
        updated_at=at,
    )


def _placed(item: Item, announcement_id: int) -> Placed:
    return Placed(
        item=item, announcement_id=announcement_id, link_key=link_key(item.link), title_key=title_key(item.title)
    )


def public_id(item: Item, keeper: Keeper) -> str:
    """A tag URI (RFC 4151) for a new announcement; its host and year are frozen here for ever."""
    host = urlsplit(keeper.site_url).hostname or "localhost"
    name = uuid5(NAMESPACE_URL, f"{keeper.slug}\n{item.ident}").hex
    return f"tag:{host},{keeper.now.year}:announcement/{name}"
