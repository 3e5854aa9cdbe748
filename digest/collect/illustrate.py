"""Give items their pictures before anything is written; a picture that fails never fails its item."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from digest.collect.identify import Known
from digest.collect.media import copy_picture, fetch_picture, picture_file
from digest.errors import CollectError
from digest.fetch import Fetcher
from digest.model import codec
from digest.model.announcements import Picture
from digest.store import items, media, retracting
from digest.store.database import Store
from digest.store.media import MediaRow

MOST = 60
"""Pictures fetched in one visit, the newest first: an archive's are not worth an hour of its host."""
_PATIENCE = 30.0
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Easel:
    """Where pictures come from and go to: the source's address and folder, and ours."""

    own: str
    slug: str
    source_id: int
    source_folder: Path | None
    media_folder: Path
    site_url: str
    now: datetime
    most: int = MOST
    """How many may be fetched yet in this visit."""


async def illustrate(
    known: Sequence[Known], easel: Easel, store: Store, fetcher: Fetcher
) -> tuple[list[Known], tuple[str, ...], int]:
    """The items with their pictures as we keep them, complaints about those that fail, and how many we asked."""
    if all(each.item.picture is None for each in known):
        return list(known), (), 0
    wanted, complaints = await _wanted(known, easel, store)
    async with store.read() as tx:
        kept = await media.by_urls(tx, wanted.values())
    patient_until = time.monotonic() + _PATIENCE
    made: list[MediaRow] = []
    asked = 0
    for ident in _newest_first(known, wanted, kept)[: easel.most]:
        if time.monotonic() > patient_until:
            break
        asked += 1
        one = next(each for each in known if each.item.ident == ident)
        try:
            row = await _get(one, wanted[ident], easel, fetcher)
        except (CollectError, OSError) as error:
            complaints.append(f"picture of {one.item.title[:60]}: {error}")
            continue
        kept[wanted[ident]] = row
        made.append(row)
    if made:
        async with store.write() as tx:
            for row in made:
                await media.add(tx, row, easel.now)
    pictured = [_with_picture(one, kept.get(wanted.get(one.item.ident, "")), easel) for one in known]
    return pictured, tuple(complaints), asked


async def _wanted(known: Sequence[Known], easel: Easel, store: Store) -> tuple[dict[str, str], list[str]]:
    """Ident -> what the ledger calls its picture, for pictures that the item is not known to have."""
    pictured = [each for each in known if each.item.picture is not None]
    async with store.read() as tx:
        stored = await items.by_alias(tx, easel.source_id, [each.item.ident for each in pictured])
        gone = await retracting.taken_back(tx, (each.announcement_id for each in stored.values()))
    # What was taken back went with its picture, and neither returns.
    dead = {name for name, each in stored.items() if each.announcement_id in gone}
    pictured = [each for each in pictured if each.item.ident not in dead]
    wanted: dict[str, str] = {}
    complaints: list[str] = []
    for each in pictured:
        if each.picture_file:
            try:
                wanted[each.item.ident] = _file_name(each.picture_file, easel)
            except (CollectError, OSError) as error:
                complaints.append(f"picture of {each.item.title[:60]}: {error}")
        elif each.item.picture and not _is_known(each.item.picture, stored.get(each.item.ident)):
            wanted[each.item.ident] = each.item.picture.url
    return wanted, complaints


def _is_known(picture: Picture, old: items.StoredItem | None) -> bool:
    # One that failed is not asked for again at every visit: only when its address changes.
    return old is not None and old.picture is not None and codec.loads(Picture, old.picture).url == picture.url


def _file_name(file: str, easel: Easel) -> str:
    if easel.source_folder is None:
        raise CollectError("the source has no folder", about=file)
    state = picture_file(file, easel.source_folder).stat()
    return f"file:{easel.slug}/{file}#{state.st_size}-{state.st_mtime_ns}"


def _newest_first(known: Sequence[Known], wanted: Mapping[str, str], kept: Mapping[str, MediaRow]) -> list[str]:
    missing = [each.item for each in known if each.item.ident in wanted and wanted[each.item.ident] not in kept]
    missing.sort(key=lambda item: item.published_at or _NEVER, reverse=True)
    return [item.ident for item in missing]


async def _get(one: Known, name: str, easel: Easel, fetcher: Fetcher) -> MediaRow:
    if one.picture_file and easel.source_folder is not None:
        return await copy_picture(one.picture_file, source=easel.source_folder, url=name, folder=easel.media_folder)
    return await fetch_picture(name, fetcher, own=easel.own, folder=easel.media_folder)


def _with_picture(one: Known, row: MediaRow | None, easel: Easel) -> Known:
    picture = one.item.picture
    if picture is None:
        return one
    if row is None:
        # A file that could not be read has no address to fall back on.
        return one if picture.url else replace(one, item=replace(one.item, picture=None))
    url = picture.url or f"{easel.site_url}/media/{row.sha256}"
    kept = replace(picture, url=url, sha256=row.sha256, width=row.width, height=row.height)
    return replace(one, item=replace(one.item, picture=kept))
