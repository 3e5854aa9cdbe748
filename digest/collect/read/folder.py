"""Read a folder of Markdown files; drafts and what is dated in the future stay out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.collect.dates import EARLIEST, read_date
from digest.collect.identify import Known, identify
from digest.collect.parse import BODY_LIMIT
from digest.collect.parse.folder import Page, parse_markdown
from digest.collect.read.reading import Asked, Reading
from digest.errors import CollectError, ParseError
from digest.fetch import Fetcher
from digest.model.announcements import Precision
from digest.settings import Site, Source

SUFFIXES = (".md", ".markdown")
AT_ONCE = 1_000


async def read_folder(source: Source, site: Site, fetcher: Fetcher, asked: Asked) -> AsyncIterator[Reading]:
    """The folder's announcements, so many files at a time; raises CollectError when there is no such folder."""
    folder, zone = Path(source.url), ZoneInfo(source.timezone or site.timezone)
    complaints: list[str] = []
    errors: list[str] = []
    names: dict[str, str] = {}
    files = await asyncio.to_thread(_listed, folder)
    if asked.newest_first and len(files) > AT_ONCE:
        files = await asyncio.to_thread(_newest_first, files, folder, site, zone)
    for start in range(0, len(files), AT_ONCE):
        part = files[start : start + AT_ONCE]
        items = await asyncio.to_thread(_read, part, folder, site, zone, asked, names, complaints, errors)
        yield Reading(items=items, url=str(folder), folder=folder, last=False)
    yield Reading(url=str(folder), complaints=tuple(complaints), errors=tuple(errors), folder=folder)


def _read(
    files: Sequence[Path], folder: Path, site: Site, zone: ZoneInfo, asked: Asked, names: dict[str, str],
    complaints: list[str], errors: list[str],
) -> tuple[Known, ...]:  # fmt: skip
    # These are the operator's own files: they are read in our own process.
    how, items = asked.how, []
    for path in files:
        try:
            page = _page(path, folder, site)
            complaints.extend(page.complaints)
            if page.draft or _is_later(page, zone, how.now):
                continue
            known = identify(page.item, how.habits, now=how.now)
            _refuse_twice(known.item.ident, path.relative_to(folder).as_posix(), names)
        except CollectError as error:
            errors.append(str(error))
            continue
        items.append(known)
    return tuple(items)


def _refuse_twice(ident: str, name: str, names: dict[str, str]) -> None:
    # A file that began as a copy would take the place of what it was copied from.
    first = names.setdefault(ident, name)
    if first != name:
        raise ParseError(f"is called {ident!r}, as {first} is; give it an id of its own", about=name)


def _listed(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise CollectError("there is no such folder", about=str(folder))
    return list(_files(folder))


def _files(folder: Path) -> Iterator[Path]:
    """Every Markdown file, in the order of names; hidden ones and what links lead out of the folder are left alone."""
    root = folder.resolve()
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith((".", "_")) for part in parts) or path.stem.upper() == "README"
        if path.suffix.lower() in SUFFIXES and not hidden and path.is_file() and path.resolve().is_relative_to(root):
            yield path


def _newest_first(files: Sequence[Path], folder: Path, site: Site, zone: ZoneInfo) -> list[Path]:
    """The files by their announcements' dates; those that have none, or cannot be read, come last."""
    dates: dict[Path, datetime] = {}
    for path in files:
        with contextlib.suppress(CollectError):
            dates[path] = read_date(_page(path, folder, site).item.published, zone=zone).at or EARLIEST
    return sorted(files, key=lambda path: dates.get(path, EARLIEST), reverse=True)


def _page(path: Path, folder: Path, site: Site) -> Page:
    name = path.relative_to(folder).as_posix()
    if (legible := name.encode("utf-8", "replace").decode()) != name:
        raise ParseError("its name is not UTF-8; rename it", about=legible)
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
