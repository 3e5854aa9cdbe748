"""Read a folder of Markdown files; drafts and what is dated in the future stay out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.collect.dates import read_date
from digest.collect.parse import BODY_LIMIT, ReadItem
from digest.collect.parse.folder import Page, parse_markdown
from digest.collect.read.reading import Reading
from digest.errors import CollectError, ParseError
from digest.model.announcements import Precision
from digest.settings import Site, Source

SUFFIXES = (".md", ".markdown")


async def read_folder(source: Source, site: Site, *, now: datetime) -> Reading:
    """The folder's announcements; raises CollectError when there is no such folder."""
    return await asyncio.to_thread(_read, Path(source.url), site, ZoneInfo(source.timezone or site.timezone), now)


def _read(folder: Path, site: Site, zone: ZoneInfo, now: datetime) -> Reading:
    if not folder.is_dir():
        raise CollectError("there is no such folder", about=str(folder))
    items: list[ReadItem] = []
    complaints: list[str] = []
    errors: list[str] = []
    for path in _files(folder):
        try:
            page = _page(path, folder, site)
        except CollectError as error:
            errors.append(str(error))
            continue
        complaints.extend(page.complaints)
        if not page.draft and not _is_later(page, zone, now):
            items.append(page.item)
    return Reading(
        items=tuple(items), url=str(folder), complaints=tuple(complaints), errors=tuple(errors), folder=folder
    )


def _files(folder: Path) -> Iterator[Path]:
    """Every Markdown file, in the order of names; hidden ones and what links lead out of the folder are left alone."""
    root = folder.resolve()
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith((".", "_")) for part in parts) or path.stem.upper() == "README"
        if path.suffix.lower() in SUFFIXES and not hidden and path.is_file() and path.resolve().is_relative_to(root):
            yield path


def _page(path: Path, folder: Path, site: Site) -> Page:
    name = path.relative_to(folder).as_posix()
    try:
        with path.open("rb") as file:
            body = file.read(BODY_LIMIT + 1)
    except OSError as error:
        raise ParseError(f"cannot be read: {error.strerror}", about=name) from error
    return parse_markdown(body, name=name, base=f"{site.url}/")


def _is_later(page: Page, zone: ZoneInfo, now: datetime) -> bool:
    when = read_date(page.item.published, zone=zone)
    if when.precision is Precision.DAY and when.on is not None:
        return when.on > now.astimezone(zone).date()
    return when.at is not None and when.at > now
