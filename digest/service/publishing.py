"""Building the feeds, and laying them out as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from digest.feeds import flow
from digest.feeds.export import export
from digest.feeds.flow import BuiltFeed
from digest.service import issuing
from digest.service.house import House, now


@dataclass(frozen=True, slots=True)
class Built:
    feeds: tuple[BuiltFeed, ...]
    files: tuple[Path, ...]


async def build(house: House, out: Path | None = None) -> Built:
    """Bring every feed up to what the store holds; with `out`, write the documents there too.

    Quick when nothing changed, whoever changed it: the service calls it at every tick.
    """
    await issuing.issue(house, now())
    feeds = await flow.build(house.store, house.settings, now=now())
    files = await export(house.store, house.settings, house.templates, out) if out is not None else ()
    return Built(feeds, tuple(files))
