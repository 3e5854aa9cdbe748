"""What we remember of a source: what to ask by it, and what to remember after a visit. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from digest.collect.dates import EARLIEST
from digest.collect.document import How
from digest.collect.identify import Known
from digest.collect.read import Asked, Reading
from digest.collect.understand import baseline, print_of
from digest.store.sources import Move, SourceRow, Validators

_IN_FULL_AFTER = timedelta(hours=48)
_ARCHIVE_AFTER = timedelta(days=7)
_MARGIN = timedelta(days=2)
"""Dates are of days, and clocks are not ours."""


def asked(row: SourceRow, how: How, now: datetime, *, newest_first: bool) -> Asked:
    """What to ask: only for what is new, but in full now and then, and where we read otherwise than before.

    Archives are read whole once, and then again now and then: what was changed without a date shows only so.
    `newest_first` counts on a first visit alone.
    """
    before, _, body_hash = row.body_hash.partition(":")
    as_before = before == print_of(how)
    stale = not as_before or _is_past(row.full_fetch_at, _IN_FULL_AFTER, now)
    # What was read by its feed, while its interface was closed, was never read whole.
    by_feed = how.kind == "wordpress" and row.validators_url != (row.adopted_url or row.url).rstrip("/") + "/"
    whole = row.first_collected_at is not None and as_before and not by_feed
    archive = whole and not _is_past(row.full_fetch_at, _ARCHIVE_AFTER, now)
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


def reads_on(row: SourceRow, how: How, reading: Reading) -> bool:
    """Whether a visit reads as the last one did; another way may show an archive that was there all the while."""
    if how.kind == "folder":
        return True
    same_door = how.kind != "wordpress" or row.validators_url == reading.url
    return row.body_hash.partition(":")[0] == print_of(how) and same_door


def older(known: Sequence[Known], row: SourceRow, *, announce: int | None, reads_on: bool) -> frozenset[str]:
    """Idents of what was there before we began to listen, or to read so far back."""
    if row.first_collected_at is None:
        return baseline(known, announce)
    if announce is None or reads_on or row.last_success_at is None:
        return frozenset()
    since = row.last_success_at - _MARGIN
    return frozenset(each.item.ident for each in known if (each.item.published_at or EARLIEST) < since)


def validators(reading: Reading, how: How, *, again: bool = False) -> Validators:
    """What to send back next time, nothing if it must be told `again`, with the mark of how we read it."""
    if again:
        reading = replace(reading, etag="", last_modified="", body_hash="")
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
