"""A visit's items in the light of what the operator declared: identified, ordered, ranked, and news or not. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from digest.collect.identify import Habits, Known, distinct, identify
from digest.collect.read import Reading
from digest.settings import Settings, Source

_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def understand(reading: Reading, source: Source, settings: Settings, now: datetime) -> list[Known]:
    """Identified, each once, what begins an announcement before its translations, the oldest first."""
    habits = habits_of(source, settings)
    found = (identify(item, habits, document_language=reading.language, now=now) for item in reading.items)
    known = list(distinct(found))
    if source.hold_future:
        known = [each for each in known if each.item.published_at is None or each.item.published_at <= now]
    # What has no date is taken for new; the first in a document is the newest.
    known.reverse()
    known.sort(key=lambda each: (bool(each.item.translation_of), min(each.item.published_at or now, now)))
    return known


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


def baseline(known: Sequence[Known], source: Source, *, first: bool) -> Collection[str]:
    """On a first visit, everything but the newest `announce_first`: an archive is not news."""
    if not first or source.announce_first == "all":
        return frozenset()
    newest = sorted(known, key=lambda each: each.item.published_at or _NEVER, reverse=True)
    announced = [each for each in newest if not each.item.translation_of][: int(source.announce_first)]
    return {each.item.ident for each in known} - {each.item.ident for each in announced}
