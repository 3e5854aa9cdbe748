"""A visit's items in the light of what the operator declared: identified, ordered, ranked, and news or not. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

from digest.collect.document import How
from digest.collect.identify import Habits, Known, distinct
from digest.settings import Settings, Source

_READER = 1
"""Raised whenever our parsers or our cleaning read the same bytes otherwise than before."""
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def understand(items: Sequence[Known], source: Source, now: datetime) -> list[Known]:
    """Each once, what begins an announcement before its translations, the oldest first."""
    known = list(distinct(items))
    if source.hold_future:
        known = [each for each in known if not _is_to_come(each, now)]
    # What has no date is taken for new; the first in a document is the newest.
    known.reverse()
    known.sort(key=lambda each: (bool(each.item.translation_of), min(each.item.published_at or now, now)))
    return known


def holds_back(items: Sequence[Known], source: Source, now: datetime) -> bool:
    """Whether something waits for its time, so that the same document must be read again."""
    return source.hold_future and any(_is_to_come(each, now) for each in items)


def _is_to_come(known: Known, now: datetime) -> bool:
    return known.item.published_at is not None and known.item.published_at > now


def how_to_read(source: Source, settings: Settings, now: datetime) -> How:
    """What a reader of its documents must know of a source."""
    # How far is followed decides what is read, too.
    select = source.select.model_dump() | {"pages": str(source.max_pages)} if source.kind == "page" else None
    return How(kind=source.kind, habits=habits_of(source, settings), now=now, select=select)


def print_of(how: How) -> str:
    """A hash over how we read: when it changes, what was read before is read anew."""
    return blake2b(repr((_READER, how.kind, how.habits, how.select)).encode(), digest_size=6).hexdigest()


def habits_of(source: Source, settings: Settings) -> Habits:
    """How a source writes, as far as the operator said; what equals the site's own was not said."""
    zone = source.timezone or settings.site.timezone
    language = source.language if source.language != settings.site.language else None
    return Habits(
        zone=ZoneInfo(zone),
        keep_offset=zone == settings.site.timezone,
        language=language or "",
        site_language=settings.site.language,
        date_order=source.date_order or "",
        words=source.kind == "page",
    )


def rank(declared: Mapping[str, Source]) -> Callable[[str], int]:
    """A source's place: by `priority`, the smallest first, then in the order of the configuration; strangers last."""
    said = sorted(declared.values(), key=lambda each: (each.priority is None, each.priority or 0))
    places = {each.slug: place for place, each in enumerate(said)}
    return lambda slug: places.get(slug, len(places))


def baseline(known: Sequence[Known], announce: int | None) -> frozenset[str]:
    """On a first visit, everything but the newest so many (None: all are news): an archive is not news."""
    if announce is None:
        return frozenset()
    newest = sorted(known, key=lambda each: each.item.published_at or _NEVER, reverse=True)
    announced = [each for each in newest if not each.item.translation_of][:announce]
    return frozenset({each.item.ident for each in known} - {each.item.ident for each in announced})
