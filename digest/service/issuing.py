"""Our own editions as a source named `editions`: for feeds that ask for them, and so that no digest tells of itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html import escape

from digest.collect.clean import Cleaned
from digest.collect.fingerprint import fingerprint
from digest.collect.identify import Known
from digest.collect.keep import Keeper, keep
from digest.collect.links import canonical_link
from digest.collect.text import html_text
from digest.collect.understand import rank
from digest.letter.render import subject_of
from digest.letter.text import shortened
from digest.model.announcements import EDITIONS, IdentKind, Item, Precision, slug_of
from digest.model.editions import PUBLISHED, Edition, EditionStatus, Snapshot, SnapshotItem
from digest.service.house import House
from digest.store import announcements, editions, items, retracting, sources
from digest.store.database import Tx
from digest.store.items import StoredItem

_SUMMARY = 320


async def issue(house: House, now: datetime, *, about: int | None = None) -> int:
    """Let every edition that is out be an announcement of its own, and none that was cancelled; how many changed.

    They are baseline to every digest. A correction is an edit, and so is the retraction of an announcement that they
    hold, `about`.
    """
    async with house.store.read() as tx:
        made = [each for each in await editions.listed(tx) if each.revision]
        known = await _known(tx, made)
        again = frozenset() if about is None else await editions.carrying(tx, about)
        snapshots = {
            each.id: await _snapshot(tx, each)
            for each in made
            if each.status in PUBLISHED and (each.id in again or not _is_current(each, known.get(_ident(each))))
        }
    new = [(each, snapshots[each.id]) for each in reversed(made) if each.id in snapshots]
    over = [each for each in made if each.status is EditionStatus.CANCELLED and _ident(each) in known]
    if new:
        await _keep(house, [Known(item=_item(house, *each)) for each in new], now)
    return len(new) + await _withdraw(house, [known[_ident(each)] for each in over], now)


async def _snapshot(tx: Tx, edition: Edition) -> Snapshot:
    sealed = await editions.snapshot(tx, edition.id, edition.revision)
    return sealed.without(await retracting.retracted(tx, [item.public_id for item in sealed.items]))


async def _known(tx: Tx, made: list[Edition]) -> dict[str, StoredItem]:
    source = await sources.get(tx, EDITIONS)
    return {} if source is None else await items.by_alias(tx, source.id, map(_ident, made))


def _ident(edition: Edition) -> str:
    return f"{edition.digest}/{edition.label}"


def _is_current(edition: Edition, known: StoredItem | None) -> bool:
    return known is not None and known.published_raw == f"revision {edition.revision}"


async def _keep(house: House, known: list[Known], now: datetime) -> None:
    settings = house.settings
    async with house.store.write() as tx:
        source = await sources.ensure(tx, EDITIONS, kind=EDITIONS, url=f"{settings.site.url}/editions/")
        keeper = Keeper(
            source_id=source.id,
            slug=EDITIONS,
            site_url=settings.site.url,
            digests=tuple(settings.digests),
            rank=rank(settings.sources),
            baseline=[each.item.ident for each in known],
            now=now,
        )
        await keep(tx, known, keeper)


async def _withdraw(house: House, known: list[StoredItem], now: datetime) -> int:
    async with house.store.read() as tx:
        found = await announcements.many(tx, [each.announcement_id for each in known])
    alone = [each for each in found if set(each.sources) == {EDITIONS}]
    if alone:
        async with house.store.write() as tx:
            for each in alone:
                await retracting.retract(tx, each.id, why="the edition was cancelled", at=now)
    return len(alone)


def _item(house: House, edition: Edition, snapshot: Snapshot) -> Item:
    titles = (item.version(snapshot.language).title for item in snapshot.items)
    title = subject_of(snapshot, snapshot.language)
    link = canonical_link(f"{house.settings.site.url}/editions/{edition.digest}/{edition.label}")
    content = "".join(_content(house, snapshot))
    summary = shortened(" · ".join(titles), _SUMMARY)
    return Item(
        ident=_ident(edition),
        ident_kind=IdentKind.GUID,
        aliases=(_ident(edition),),
        link=link,
        title=title,
        summary=summary,
        content=content,
        full_text=True,
        language=snapshot.language,
        authors=(snapshot.title,),
        published_at=edition.sealed_at,
        published_on=snapshot.date,
        published_raw=f"revision {edition.revision}",
        precision=Precision.SECOND,
        fingerprint=fingerprint(title, summary, Cleaned(content, html_text(content)), link),
    )


def _content(house: House, snapshot: Snapshot) -> Iterator[str]:
    """The edition as a list of links under its headings; what was corrected stands first."""
    if snapshot.correction:
        yield f"<p><strong>{escape(snapshot.correction)}</strong></p>"
    yield snapshot.introduction
    yield _list(house, snapshot, (snapshot.lead,) if snapshot.lead else ())
    for section in snapshot.sections:
        yield f"<h2>{escape(section.title)}</h2>" if section.title and section.items else ""
        yield _list(house, snapshot, section.items)
    yield _list(house, snapshot, snapshot.more)


def _list(house: House, snapshot: Snapshot, listed: tuple[SnapshotItem, ...]) -> str:
    lines = []
    for item in listed:
        version = item.version(snapshot.language)
        link = version.link or f"{house.settings.site.url}/announcements/{slug_of(item.public_id)}"
        words = f" {escape(version.summary)}" if version.summary else ""
        lines.append(f'<li><a href="{escape(link)}">{escape(version.title)}</a>{words}</li>')
    return f"<ul>{''.join(lines)}</ul>" if lines else ""
