"""Mailings, their deliveries, and notes."""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
)

from digest.store.schema.columns import Id, Utc, count, identity, json_text, metadata, ref, words

mailings = Table(
    "mailings",
    metadata,
    identity(),
    ref("edition_id", "editions"),
    Column("revision", Integer, nullable=False),
    Column("kind", String(16), nullable=False, server_default="edition"),
    Column("digest", String(64), nullable=False),
    Column("key_id", String(24), nullable=False),
    Column("status", String(16), nullable=False),
    count("audience"),
    Column("start_at", Utc, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("ended_at", Utc),
    words("why"),
    json_text("segment", "{}"),
    Column("upto", Id),
    Column("reached", Id, nullable=False, server_default="0"),
    Column("active_at", Utc, nullable=False),
    Column("folded", Boolean, nullable=False, server_default="0"),
    UniqueConstraint("edition_id", "revision", "kind"),
    Index("ix_mailings_status", "status"),
)
"""`upto` is the last subscriber it is for, until all its deliveries are there; they are up to `reached`.
`segment` says which of its digest's people it is for, as it was sealed. `active_at` is when it last got anywhere, or
was told to. Of one that is `folded` only its totals are kept."""

letters = Table(
    "letters",
    metadata,
    ref("mailing_id", "mailings"),
    Column("variant", SmallInteger, nullable=False),
    Column("language", String(35), nullable=False),
    Column("subject", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    json_text("markers", "{}"),
    PrimaryKeyConstraint("mailing_id", "variant"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("mailing_id", Id, nullable=False),
    Column("subscriber_id", Id, nullable=False),
    Column("variant", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("mailing_id", "subscriber_id"),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (mailing_id)",
)
"""Lean on purpose: millions of them. `at` is when it last changed, or is next due, in ms since 1970."""

STORED = "fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02"
"""How PostgreSQL keeps a partition of them: each changes twice, and finds room beside itself; soon vacuumed."""
REST = f"CREATE TABLE deliveries_rest PARTITION OF deliveries DEFAULT WITH ({STORED})"
event.listen(deliveries, "after_create", DDL(REST).execute_if(dialect="postgresql"))  # type: ignore[no-untyped-call]

delivery_events = Table(
    "delivery_events",
    metadata,
    identity(),
    Column("mailing_id", Id, nullable=False),
    Column("subscriber_id", Id, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("code", SmallInteger, nullable=False),
    Column("fault", String(16), nullable=False, server_default=""),
    Column("reason", String(24), nullable=False, server_default=""),
    words("text"),
    count("attempts"),
    Column("at", Utc, nullable=False),
    Column("resolved_at", Utc),
    words("resolution"),
    UniqueConstraint("mailing_id", "subscriber_id", "kind"),
    Index("ix_delivery_events_kind", "kind", "resolved_at"),
)
"""Failures and doubts, one row a delivery and kind; they outlive the deliveries."""

shards = Table(
    "shards",
    metadata,
    ref("mailing_id", "mailings"),
    Column("number", Integer, nullable=False),
    Column("first", Id, nullable=False),
    Column("last", Id, nullable=False),
    words("owner"),
    Column("leased_until", BigInteger, nullable=False, server_default="0"),
    Column("next_due", BigInteger),
    count("owed"),
    count("accepted"),
    count("deferred"),
    count("rejected"),
    count("uncertain"),
    count("withdrawn"),
    PrimaryKeyConstraint("mailing_id", "number"),
    Index("ix_shards_next_due", "next_due"),
)
"""`next_due` (ms) is NULL once nothing in the range is owed."""

notes = Table(
    "notes",
    metadata,
    identity(),
    Column("kind", String(16), nullable=False),
    Column("sender", String(64), nullable=False),
    Column("address", Text, nullable=False),
    ref("subscriber_id", "subscribers", nullable=True),
    Column("message", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("leased_until", Utc),
    count("attempts"),
    Column("answered_at", Utc),
    Column("place_at", Utc),
    words("last_reply"),
    Column("created_at", Utc, nullable=False),
    Column("dedupe_key", String(120), nullable=False, unique=True),
    Index("ix_notes_state_due_at", "state", "due_at"),
)

pace = Table(
    "pace",
    metadata,
    Column("key", String(330), primary_key=True),
    Column("next_at", BigInteger, nullable=False),
    Column("level", SmallInteger, nullable=False, server_default="0"),
    Column("slowed_at", BigInteger, nullable=False, server_default="0"),
)
"""When the next message for a key may go, in µs since 1970 (GCRA's theoretical arrival time); how often its pace
was halved by `slowed_at` because a relay asked for it."""

pace_spent = Table(
    "pace_spent",
    metadata,
    Column("key", String(330), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("key", "since"),
)
"""Messages of a rolling hour or day, by the slice of it that begins at `since`, in µs since 1970."""
