"""Trying a source before it is declared: what it offers, what it would give, and the section to paste."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from digest.collect import trial
from digest.collect.discover import Offer, Offers, discover, selected
from digest.errors import CollectError, UsageError
from digest.fetch import Fetcher
from digest.model.announcements import Item
from digest.service.collecting import fetcher
from digest.service.house import House, now
from digest.settings import Source


@dataclass(frozen=True, slots=True)
class Row:
    date: str
    language: str
    title: str
    link: str

    def json(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to read an address that was tried."""

    kind: str
    url: str
    items: int
    error: str

    def json(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Matched:
    """What a selector of a listing page finds."""

    key: str
    selector: str
    matches: int
    first: str

    def json(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What the best way would give, and how to declare it."""

    kind: str
    url: str
    items: tuple[Row, ...]
    warnings: tuple[str, ...]
    ways: tuple[Way, ...]
    selectors: tuple[Matched, ...]
    toml: str

    def json(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "url": self.url,
            "items": [item.json() for item in self.items],
            "warnings": list(self.warnings),
            "offers": [way.json() for way in self.ways],
            "selectors": [each.json() for each in self.selectors],
            "toml": self.toml,
        }


async def test(house: House, name: str, kind: str) -> Tried:
    """Read a source by slug, address or folder as it would be read; an address all ways it offers. Stores nothing."""
    declared = house.settings.sources.get(name)
    if declared is not None and declared.kind == "hook":
        raise UsageError("comes by itself, and cannot be asked", about=name)
    async with fetcher(house) as client:
        offers = await _offers(house, declared, name, kind, client)
        best = offers.all[0]
        if best.error and not best.found.items:
            raise CollectError("; ".join(dict.fromkeys(offer.error for offer in offers.all)), about=name)
        selectors = await selected(best.source, client, None) if best.source.kind == "page" else {}
    select = best.source.select.model_dump()
    return Tried(
        kind=best.source.kind,
        url=best.source.url,
        items=tuple(map(_row, best.found.items)),
        warnings=best.found.warnings,
        ways=tuple(Way(each.source.kind, each.source.url, len(each.found.items), each.error) for each in offers.all),
        selectors=tuple(Matched(key, select[key], count, first) for key, (count, first) in selectors.items()),
        toml=toml(best.source),
    )


async def _offers(house: House, declared: Source | None, name: str, kind: str, client: Fetcher) -> Offers:
    address = urlsplit(name).scheme in ("http", "https")
    if declared is None and address and not kind:
        async with Fetcher(user_agent=client.user_agent) as elsewhere:
            return await discover(name, house.settings, client, elsewhere, now=now())
    slug = "test" if address else Path(name).name.lower().replace("-", "_") or "test"
    source = declared or Source.model_validate({"slug": slug, "url": name, "kind": kind or "folder"})
    found = await trial.tried(source, house.settings, client, now=now())
    return Offers(all=(Offer(source=source, found=found),))


def toml(source: Source) -> str:
    """The section that declares a source; TOML writes such strings as JSON does."""
    lines = [f"[sources.{source.slug}]", f"kind = {json.dumps(source.kind)}", f"url = {_text(source.url)}"]
    if source.kind == "page":
        said = {key: value for key, value in source.select.model_dump().items() if value}
        lines.append(f"select = {{ {', '.join(f'{key} = {_text(value)}' for key, value in said.items())} }}")
    return "\n".join(lines)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _row(item: Item) -> Row:
    return Row(str(item.published_on or ""), item.language, item.title, item.link)
