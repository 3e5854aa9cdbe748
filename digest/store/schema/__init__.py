"""Every table of the ledger, with the constraint that keeps it honest.

Instants are UTC: `Utc` columns, except in `deliveries` and `shards`, which keep integer milliseconds.
JSON is kept as text, written by us and read whole.
"""

from __future__ import annotations

from digest.store.schema.announcements import (
    announcements,
    feed_archives,
    feed_documents,
    feed_entries,
    feed_marks,
    hosts,
    item_aliases,
    items,
    media,
    pushes,
    revisions,
    sources,
    versions,
)
from digest.store.schema.columns import Day, Id, Utc, metadata
from digest.store.schema.editions import (
    digests,
    dispositions,
    draft_edits,
    edition_revisions,
    editions,
    entries,
    schedules,
    slots,
)
from digest.store.schema.house import audit, counters, instance
from digest.store.schema.mail import deliveries, delivery_events, letters, mailings, notes, pace, pace_spent, shards
from digest.store.schema.people import (
    address_changes,
    attributes,
    bounces,
    departures,
    subscribers,
    subscriptions,
    suppressions,
)

__all__ = [
    "Day",
    "Id",
    "Utc",
    "address_changes",
    "announcements",
    "attributes",
    "audit",
    "bounces",
    "counters",
    "deliveries",
    "delivery_events",
    "departures",
    "digests",
    "dispositions",
    "draft_edits",
    "edition_revisions",
    "editions",
    "entries",
    "feed_archives",
    "feed_documents",
    "feed_entries",
    "feed_marks",
    "hosts",
    "instance",
    "item_aliases",
    "items",
    "letters",
    "mailings",
    "media",
    "metadata",
    "notes",
    "pace",
    "pace_spent",
    "pushes",
    "revisions",
    "schedules",
    "shards",
    "slots",
    "sources",
    "subscribers",
    "subscriptions",
    "suppressions",
    "versions",
]
