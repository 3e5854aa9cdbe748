"""How the sources fare: in words, the worst first, and by mail once when one fails and once when it is well again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.collect.rhythm import silent_days
from digest.errors import discreet
from digest.service import alerting
from digest.service.house import House, now
from digest.store import sources
from digest.store.database import Tx
from digest.store.sources import SourceRow

ENOUGH = 2
"""Failures in a row that are an incident: one may be a slip."""
MISSED = 3
"""Visits that did not take place, for a source to be unread though nothing failed."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Health:
    """How a source fares; `silent_days` is set where it has been silent far longer than usual."""

    slug: str
    kind: str
    url: str
    last_success: datetime | None
    next_check: datetime | None
    failures: int
    error: str
    declared: bool
    failing_since: datetime | None = None
    last_new: datetime | None = None
    rhythm_days: int | None = None
    silent_days: int | None = None

    @property
    def words(self) -> str:
        """The rhythm as a person would say it."""
        if self.rhythm_days is None:
            return ""
        usually = "usually daily" if self.rhythm_days == 1 else f"usually every {self.rhythm_days} days"
        return f"{usually}, silent for {self.silent_days}" if self.silent_days else usually

    def json(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__} | {"rhythm": self.words}


async def listed(house: House) -> tuple[Health, ...]:
    """Every source, the troubled first, then the silent; one no longer in the configuration is listed, too."""
    async with house.store.read() as tx:
        rows = await sources.listed(tx)
    known = {row.slug for row in rows}
    at = now()
    found = [_health(row, declared=row.slug in house.settings.sources, at=at) for row in rows]
    found += [
        Health(slug, source.kind, discreet(source.url), None, None, 0, _not_yet(source.kind), True)
        for slug, source in house.settings.sources.items()
        if slug not in known
    ]
    return tuple(sorted(found, key=lambda one: (-one.failures, one.declared, -(one.silent_days or 0), one.slug)))


async def unread(house: House) -> tuple[str, ...]:
    """In words, the sources that what is about to be sent knows nothing new of."""
    at = now()
    return tuple(
        _since(each, at)
        for each in await listed(house)
        if each.declared and _is_unread(each, house.settings.sources[each.slug].every, at)
    )


def _since(source: Health, at: datetime) -> str:
    if source.last_success is None:
        return f"{source.slug} never read"
    span = at - source.last_success
    # A folder with one file that makes no sense was read a moment ago, and yet not wholly.
    return (
        f"{source.slug} unread for {_long(span)}"
        if span >= _HOUR
        else f"{source.slug} not wholly read at its last visit"
    )


def _is_unread(source: Health, every: timedelta, at: datetime) -> bool:
    """Whether it fails, or was not even asked for far longer than it should be: a hook comes by itself."""
    if source.kind == "hook":
        return bool(source.failures)
    last = source.last_success
    return bool(source.failures) or last is None or at - last > max(MISSED * every, timedelta(days=1))


async def watch(house: House) -> int:
    """Owe a note for every incident that nobody was told of, and for every one that is over; how many."""
    async with house.store.read() as tx:
        rows = [row for row in await sources.listed(tx) if row.slug in house.settings.sources]
    changed = [row for row in rows if _is_new(row) or _is_over(row)]
    if not changed or not house.settings.alerts.to:
        return 0
    async with house.store.write() as tx:
        return sum([await _tell(house, tx, row) for row in changed])


def _is_new(row: SourceRow) -> bool:
    return row.alerted_at is None and (row.failures >= ENOUGH or row.gone)


def _is_over(row: SourceRow) -> bool:
    return row.alerted_at is not None and not row.failures and not row.gone


async def _tell(house: House, tx: Tx, row: SourceRow) -> int:
    at, since, url = now(), row.failing_since, discreet(row.url)
    if _is_over(row):
        if not await sources.alerted(tx, row.id, None):
            return 0
        key, title = f"source:{row.slug}:{row.alerted_at:%Y%m%dT%H%M%S%f}:over", f"{row.slug} can be read again"
        lines = [f"The source {row.slug} ({url}) was read, and what it said in the meantime is in."]
        return await alerting.tell(house, tx, key=key, title=title, lines=lines, now=at)
    if not await sources.alerted(tx, row.id, at):
        return 0
    lines = [f"The source {row.slug} ({url}) cannot be read: {row.last_error}"]
    lines += [f"It was last read {row.last_success_at:%Y-%m-%d %H:%M} UTC."] if row.last_success_at else []
    lines += [_next(row), "Nothing known is lost. You get another note when it can be read again."]
    key = f"source:{row.slug}:{since or at:%Y%m%dT%H%M%S%f}"
    return await alerting.tell(house, tx, key=key, title=f"{row.slug} cannot be read", lines=lines, now=at)


def _next(row: SourceRow) -> str:
    if row.gone:
        return "It says that it is gone for good, so it is not asked any more: change or remove it."
    return f"Next try: {row.next_check_at:%Y-%m-%d %H:%M} UTC." if row.next_check_at else "It is tried again."


def _health(row: SourceRow, *, declared: bool, at: datetime) -> Health:
    return Health(
        row.slug,
        row.kind,
        discreet(row.adopted_url or row.url),
        row.last_success_at,
        None if row.gone else row.next_check_at,
        row.failures,
        _error(row) if declared else "no longer in the configuration",
        declared,
        row.failing_since,
        row.last_new_at,
        row.rhythm_days,
        silent_days(row.rhythm_days, row.last_new_at, at),
    )


def _error(row: SourceRow) -> str:
    return f"{row.last_error}: gone for good, not asked any more; change or remove it" if row.gone else row.last_error


def _not_yet(kind: str) -> str:
    return "nothing came yet" if kind == "hook" else "not read yet"


def _long(span: timedelta) -> str:
    return f"{span.days} days" if span.days > 1 else f"{round(span.total_seconds() / 3600)} hours"
