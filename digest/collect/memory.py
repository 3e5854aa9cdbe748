"""What we remember of a source: what to ask by it, and what to remember after a visit. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from digest.collect.document import How
from digest.collect.read import Asked, Reading
from digest.collect.understand import print_of
from digest.store.sources import Move, SourceRow, Validators

_IN_FULL_AFTER = timedelta(hours=48)
_ARCHIVE_AFTER = timedelta(days=7)


def asked(row: SourceRow, how: How, now: datetime, *, newest_first: bool) -> Asked:
    """What to ask: only for what is new, but in full now and then, and where we read otherwise than before.

    Archives are read whole once, and then again now and then: what was changed without a date shows only so.
    `newest_first` counts on a first visit alone.
    """
    before, _, body_hash = row.body_hash.partition(":")
    as_before = before == print_of(how)
    stale = not as_before or _is_past(row.full_fetch_at, _IN_FULL_AFTER, now)
    archive = row.first_collected_at is not None and as_before and not _is_past(row.full_fetch_at, _ARCHIVE_AFTER, now)
    return Asked(
        url=row.validators_url,
        etag="" if stale else row.etag,
        last_modified="" if stale else row.last_modified,
        body_hash="" if stale else body_hash,
        adopted=row.adopted_url,
        how=how,
        since=row.last_success_at if archive else None,
        newest_first=newest_first and row.first_collected_at is None,
    )


def validators(reading: Reading, how: How) -> Validators:
    """What to send back next time, with the mark of how we read it."""
    return Validators(
        url=reading.url,
        etag=reading.etag,
        last_modified=reading.last_modified,
        body_hash=f"{print_of(how)}:{reading.body_hash}",
    )


def move(row: SourceRow) -> Move:
    """Where the source said it has moved, and how often."""
    return Move(to=row.moved_to, on=row.moved_on, days=row.moved_days, adopted=row.adopted_url)


def held(row: SourceRow, host_until: datetime | None, now: datetime) -> datetime | None:
    """Until when the source, or its host, asked us to stay away; None when we may come."""
    until = max((each for each in (row.hold_until, host_until) if each is not None), default=None)
    return until if until is not None and until > now else None


def _is_past(at: datetime | None, age: timedelta, now: datetime) -> bool:
    return at is None or now - at > age
