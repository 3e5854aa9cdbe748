"""Trying a source before it is declared: what it offers, what it would give, and the section to paste."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from digest.collect import trial
from digest.collect.discover import Offer, Offers, discover, selected, slug_from, slug_of
from digest.errors import CollectError, UsageError
from digest.fetch import Fetcher
from digest.model.announcements import EDITIONS, Item
from digest.service.collecting import fetcher
from digest.service.house import House, now
from digest.settings import Source

_KINDS = ("feed", "wordpress", "page", "folder")


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
    _refuse(name, kind, declared)
    async with fetcher(house) as client:
        offers = await _offers(house, declared, name, kind, client)
        best = offers.all[0]
        if best.error and not best.found.items:
            raise CollectError("; ".join(dict.fromkeys(_reasons(offers))), about=name)
        selectors = await selected(best.source, client) if best.source.kind == "page" else {}
    select = best.source.select.model_dump()
    return Tried(
        kind=best.source.kind,
        url=best.source.url,
        items=tuple(map(_row, best.found.items)),
        warnings=best.found.warnings,
        ways=tuple(Way(each.source.kind, each.source.url, len(each.found.items), each.error) for each in offers.all),
        selectors=tuple(Matched(key, select[key], count, first) for key, (count, first) in selectors.items()),
        toml=toml(best.source if declared else _named(best.source, house.settings.sources)),
    )


def _refuse(name: str, kind: str, declared: Source | None) -> None:
    """Raise UsageError for what cannot be asked that way."""
    address = _is_address(name)
    if not name.strip():
        raise UsageError("say which: a configured source's slug, an address, or a folder", about="sources test")
    if (declared.kind if declared else kind) == "hook":
        raise UsageError("comes by itself, and cannot be asked", about=name)
    if kind not in ("", *_KINDS):
        raise UsageError(f'"{kind}" is no kind; there are {", ".join(_KINDS)}', about="--kind")
    if declared is None and kind and address == (kind == "folder"):
        wanted = "a folder" if kind == "folder" else "an address, https://…"
        raise UsageError(f"kind {kind} needs {wanted}", about=name)
    if declared is None and not address and "://" in name:
        raise UsageError("only http and https are fetched", about=name)


def _is_address(name: str) -> bool:
    return name.strip().lower().startswith(("http://", "https://"))


def _reasons(offers: Offers) -> Iterator[str]:
    yield from (offer.error for offer in offers.all)
    kinds = {offer.source.kind for offer in offers.all}
    if offers.page is not None and "feed" not in kinds:
        yield "the page names no feed"
    if offers.page is not None and "page" not in kinds:
        yield "no list of entries was recognised on it (declare it as kind page, with select)"


def _named(source: Source, taken: Container[str]) -> Source:
    """The same under a slug that is still free, so that its section can be pasted as it stands."""
    slugs = chain((source.slug,), (f"{source.slug}_{number}" for number in count(2)))
    return source.model_copy(update={"slug": next(slug for slug in slugs if slug not in taken and slug != EDITIONS)})


async def _offers(house: House, declared: Source | None, name: str, kind: str, client: Fetcher) -> Offers:
    if declared is None and _is_address(name) and not kind:
        async with Fetcher(user_agent=client.user_agent) as elsewhere:
            return await discover(name.strip(), house.settings, client, elsewhere, now=now())
    source = declared or _source(name.strip(), kind or "folder")
    found = await trial.tried(source, house.settings, client, now=now())
    return Offers(all=(Offer(source=source, found=found),))


def _source(url: str, kind: str) -> Source:
    slug = slug_of(url) if kind != "folder" else slug_from(Path(url).resolve().name)
    return Source.model_validate({"slug": slug, "url": url, "kind": kind})


def toml(source: Source) -> str:
    """The section that declares a source; TOML writes such strings as JSON does."""
    lines = [f"[sources.{source.slug}]", f"kind = {json.dumps(source.kind)}", f"url = {_text(source.url)}"]
    if source.kind == "page":
        # What is unsaid has a default, so that an empty one must be said where that is not empty.
        unsaid = type(source.select)().model_dump()
        said = {key: value for key, value in source.select.model_dump().items() if value or unsaid[key]}
        lines.append(f"select = {{ {', '.join(f'{key} = {_text(value)}' for key, value in said.items())} }}")
    return "\n".join(lines)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _row(item: Item) -> Row:
    return Row(str(item.published_on or ""), item.language, item.title, item.link)
