"""Announcements as an operator sees them, and taking one back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from digest.collect.keep import Keeper, choose_again
from digest.collect.understand import rank
from digest.errors import NotFound, UsageError
from digest.model.announcements import Announcement
from digest.model.editions import EditionStatus
from digest.service import issuing, publishing
from digest.service.house import House, now
from digest.store import announcements, audit, dispositions, editions, media, minting, retracting

_UNDER_WAY = (EditionStatus.SEALED, EditionStatus.SENDING, EditionStatus.PAUSED)


@dataclass(frozen=True, slots=True)
class Row:
    """An announcement in a list."""

    announcement: Announcement
    url: str

    @property
    def title(self) -> str:
        return self.announcement.versions[0].title

    @property
    def slug(self) -> str:
        return self.announcement.slug

    @property
    def published_on(self) -> date | None:
        return self.announcement.versions[0].day

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(version.language for version in self.announcement.versions)

    @property
    def sources(self) -> tuple[str, ...]:
        return self.announcement.sources

    def json(self) -> dict[str, object]:
        version, found = self.announcement.versions[0], self.announcement
        return {
            "id": found.public_id,
            "source": found.sources[0] if found.sources else version.source,
            "sources": list(found.sources),
            "title": version.title,
            "url": self.url,
            "published": version.published_at or version.published_on,
            "published_on": self.published_on,
            "language": version.language,
            "languages": list(self.languages),
            "categories": list(version.categories),
            "seq": found.seq,
            "effective_at": found.effective_at,
            "updated": found.updated_at,
        }


@dataclass(frozen=True, slots=True)
class Shown:
    """One announcement, whole."""

    row: Row
    fates: tuple[tuple[str, str], ...]
    """(digest, what became of it)."""

    def facts(self) -> Iterator[tuple[str, object]]:
        found = self.row.announcement
        yield "Id", found.public_id
        yield "Link", self.row.url
        yield "Sources", found.sources
        yield "Also at", tuple(place.link for place in found.also_at)
        yield "First seen", found.first_seen_at
        yield "Counts as of", found.effective_at
        for version in found.versions:
            yield version.language, f"{version.title} ({version.source})"
            yield "", version.summary
        if found.retracted_at:
            yield "Retracted", found.retracted_at

    def json(self) -> dict[str, object]:
        found = self.row.announcement
        return self.row.json() | {
            "also_at": [place.link for place in found.also_at],
            "retracted": found.retracted_at,
            "versions": [
                {"language": v.language, "title": v.title, "summary": v.summary, "url": v.link, "source": v.source}
                for v in found.versions
            ],
            "dispositions": dict(self.fates),
        }


async def listed(house: House, limit: int | None) -> tuple[Row, ...]:
    """Announcements, the newest first."""
    async with house.store.read() as tx:
        found = await announcements.listed(tx, limit=limit, language=house.settings.site.language)
    return tuple(_row(house, each) for each in found)


async def show(house: House, name: str) -> Shown:
    """One announcement by public id, or by its last part."""
    found = await _find(house, name)
    fates = []
    async with house.store.read() as tx:
        for digest in house.settings.digests:
            settled = await dispositions.settled(tx, digest)
            what, label, _ = settled.get(found.id, (None, "", ""))
            fates.append((digest, f"{what.value} {label}".strip() if what else "none yet"))
    return Shown(_row(house, found), tuple(fates))


async def retract(house: House, name: str, why: str) -> tuple[str, tuple[str, ...]]:
    """Take it out of feeds, archive documents, pages, and editions to come, with its pictures.

    Gives its title, and the editions under way whose letters hold it still.
    """
    found = await _find(house, name)
    async with house.store.write() as tx:
        await retracting.retract(tx, found.id, why=why, at=now())
        pictures = await media.withdraw(tx, found.id)
        await audit.add(tx, at=now(), who="operator", action="retract", subject=found.public_id, why=why)
        under_way = [each for each in await editions.listed(tx) if each.status in _UNDER_WAY]
        held = [each for each in under_way if found.id in dict(await editions.contents(tx, each))]
    for name in pictures:
        (house.settings.media_folder / name).unlink(missing_ok=True)
    await issuing.issue(house, now(), about=found.id)
    await publishing.build(house)
    return found.versions[0].title, tuple(f"{each.digest} {each.label}" for each in held)


async def link(house: House, name: str, other: str, why: str) -> str:
    """Let `other` be the same announcement as `name`, in another language or another telling; the title of both."""
    kept, gone = await _find(house, name), await _find(house, other)
    if kept.id == gone.id:
        raise UsageError("is the same announcement already", about=other)
    if kept.retracted_at or gone.retracted_at:
        raise UsageError("was taken back", about=name if kept.retracted_at else other)
    at = now()
    keeper = Keeper(
        source_id=0,
        slug="",
        site_url=house.settings.site.url,
        digests=(),
        rank=rank(house.settings.sources),
        now=at,
    )
    async with house.store.write() as tx:
        await minting.lock(tx)
        await minting.merge(tx, gone.id, kept.id, at=at)
        await choose_again(tx, [kept.id], keeper)
        await audit.add(tx, at=at, who="operator", action="link", subject=f"{kept.public_id} {gone.public_id}", why=why)
    await publishing.build(house)
    return (await show(house, kept.public_id)).row.title


def _row(house: House, found: Announcement) -> Row:
    return Row(found, found.versions[0].link or f"{house.settings.site.url}/announcements/{found.slug}")


async def _find(house: House, name: str) -> Announcement:
    async with house.store.read() as tx:
        found = await announcements.get(tx, name, language=house.settings.site.language)
        if found is None and ":" not in name and "/" not in name:
            found = await announcements.by_slug(tx, name, language=house.settings.site.language)
    if found is None:
        raise NotFound("no such announcement", about=name)
    return found
