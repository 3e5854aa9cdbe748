"""Digests, their schedules and slots, and their sealed editions."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from digest.store.schema.columns import Utc, count, identity, metadata, ref, words

digests = Table(
    "digests",
    metadata,
    Column("slug", String(64), primary_key=True),
    Column("start_line", BigInteger, nullable=False),
    Column("created_at", Utc, nullable=False),
)
"""The start line is a seq, fixed when a command first reads a config that names the digest."""

schedules = Table(
    "schedules",
    metadata,
    Column("digest", String(64), ForeignKey("digests.slug"), primary_key=True),
    Column("declared", Text, nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("tuned", Text),
    words("tuned_by"),
    words("tuned_why"),
    Column("tuned_at", Utc),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("looked_at", Utc, nullable=False),
    Column("paused", Boolean, nullable=False, server_default="0"),
    Column("paused_until", Utc),
    count("skip_next"),
)
"""`looked_at` is the start line in time: slots up to it have been dealt with."""

slots = Table(
    "slots",
    metadata,
    identity(),
    Column("digest", String(64), ForeignKey("digests.slug"), nullable=False),
    Column("key", String(40), nullable=False),
    Column("at", Utc, nullable=False),
    Column("state", String(16), nullable=False),
    ref("edition_id", "editions", nullable=True),
    Column("seen_at", Utc, nullable=False),
    Column("pinged_at", Utc),
    words("note"),
    UniqueConstraint("digest", "key"),
    Index("ix_slots_state", "state"),
)
"""`key` is the local wall time of a calendar rule, so that a clock change makes no second one.
State: owed, answered, skipped, missed."""

editions = Table(
    "editions",
    metadata,
    identity(),
    Column("digest", String(64), ForeignKey("digests.slug"), nullable=False),
    Column("label", String(24), nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("slot_at", Utc),
    Column("until", Utc, nullable=False),
    Column("by", String(16), nullable=False, server_default="arrival"),
    Column("created_at", Utc, nullable=False),
    Column("sealed_at", Utc),
    Column("sent_at", Utc),
    words("why"),
    UniqueConstraint("digest", "label"),
    Index("ix_editions_status", "status"),
)

edition_revisions = Table(
    "edition_revisions",
    metadata,
    ref("edition_id", "editions"),
    Column("revision", Integer, nullable=False),
    Column("at", Utc, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("snapshot", Text, nullable=False),
    words("why"),
    PrimaryKeyConstraint("edition_id", "revision"),
)

draft_edits = Table(
    "draft_edits",
    metadata,
    ref("edition_id", "editions"),
    Column("subject", String(200), nullable=False),
    Column("wish", String(16), nullable=False),
    Column("language", String(35), nullable=False, server_default=""),
    words("value"),
    Column("at", Utc, nullable=False),
    PrimaryKeyConstraint("edition_id", "subject", "wish", "language"),
)
"""`subject` is an announcement's public id, or "" for the edition itself."""

entries = Table(
    "entries",
    metadata,
    ref("edition_id", "editions"),
    Column("revision", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    ref("announcement_id", "announcements"),
    words("section"),
    PrimaryKeyConstraint("edition_id", "revision", "position"),
    Index("ix_entries_announcement_id", "announcement_id"),
)

dispositions = Table(
    "dispositions",
    metadata,
    Column("digest", String(64), nullable=False),
    ref("announcement_id", "announcements"),
    Column("disposition", String(16), nullable=False),
    ref("edition_id", "editions", nullable=True),
    Column("at", Utc, nullable=False),
    words("why"),
    PrimaryKeyConstraint("digest", "announcement_id"),
    Index("ix_dispositions_edition_id", "edition_id"),
)
