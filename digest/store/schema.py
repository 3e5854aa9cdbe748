"""Every table of the ledger, with the constraint that keeps it honest.

Instants are UTC: `Utc` columns, except in `deliveries` and `shards`, which keep integer milliseconds.
JSON is kept as text, written by us and read whole.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only for a column of type INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as ISO 8601 text of fixed width: it sorts, and no driver drops its zone."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0") + "Z"

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Day(TypeDecorator[date]):
    """A calendar date as ISO 8601 text."""

    impl = String(10)
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True)


def _ref(name: str, target: str, **options: Any) -> Column[int]:
    return Column(name, Id, ForeignKey(f"{target}.id"), **{"nullable": False, **options})


def _json(name: str, empty: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=empty)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default="0")


# The house itself

instance = Table(
    "instance",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
"""Few named values: id, starts (raised at each start), pepper (never rotated)."""

counters = Table(
    "counters", metadata, Column("name", String(40), primary_key=True), Column("value", BigInteger, nullable=False)
)
"""`announcements`: the last seq given, locked in the collect transaction."""

audit = Table(
    "audit",
    metadata,
    _id(),
    Column("at", Utc, nullable=False),
    _text("who"),
    Column("action", Text, nullable=False),
    _text("subject"),
    _text("was"),
    _text("became"),
    _text("why"),
    Index("ix_audit_subject", "subject"),
)

# Sources to announcements

sources = Table(
    "sources",
    metadata,
    _id(),
    Column("slug", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("url", Text, nullable=False),
    _text("validators_url"),
    _text("etag"),
    _text("last_modified"),
    _text("body_hash"),
    Column("first_collected_at", Utc),
    Column("checked_at", Utc),
    Column("full_fetch_at", Utc),
    Column("next_check_at", Utc),
    Column("hold_until", Utc),
    Column("last_success_at", Utc),
    Column("last_new_at", Utc),
    _count("failures"),
    _text("last_error"),
    Column("gone", Boolean, nullable=False, server_default="0"),
    Column("rhythm_days", Integer),
)

media = Table(
    "media",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("type", String(40), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("url", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Index("ix_media_url", "url"),
)
"""The files stand in the media folder, named by their hash."""

announcements = Table(
    "announcements",
    metadata,
    _id(),
    Column("public_id", Text, nullable=False, unique=True),
    Column("seq", BigInteger, nullable=False, unique=True),
    Column("effective_at", Utc, nullable=False),
    Column("first_seen_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    _ref("merged_into", "announcements", nullable=True),
    Column("retracted_at", Utc),
    _text("retracted_why"),
    Index("ix_announcements_effective_at", "effective_at"),
    Index("ix_announcements_updated_at", "updated_at"),
)

items = Table(
    "items",
    metadata,
    _id(),
    _ref("source_id", "sources"),
    Column("ident", Text, nullable=False),
    Column("ident_kind", String(8), nullable=False),
    _ref("announcement_id", "announcements"),
    _text("link"),
    _text("link_key"),
    Column("title", Text, nullable=False),
    _text("title_key"),
    _text("summary"),
    _text("content"),
    Column("full_text", Boolean, nullable=False),
    Column("language", String(35), nullable=False),
    _text("translation_of"),
    _json("categories", "[]"),
    _json("authors", "[]"),
    Column("picture", Text),
    _json("enclosures", "[]"),
    _json("facts", "{}"),
    Column("published_at", Utc),
    Column("published_on", Day),
    _text("published_raw"),
    Column("precision", String(8), nullable=False),
    Column("updated_at", Utc),
    Column("first_seen_at", Utc, nullable=False),
    Column("last_seen_at", Utc, nullable=False),
    Column("content_changed_at", Utc, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    _text("raw"),
    UniqueConstraint("source_id", "ident"),
    Index("ix_items_announcement_id", "announcement_id"),
    Index("ix_items_link_key", "link_key"),
    Index("ix_items_title_key", "title_key"),
)
"""`link_key` is the canonical link without its scheme, `title_key` the normalised title: for folding."""

item_aliases = Table(
    "item_aliases",
    metadata,
    _ref("source_id", "sources"),
    Column("alias", Text, nullable=False),
    _ref("item_id", "items"),
    PrimaryKeyConstraint("source_id", "alias"),
    Index("ix_item_aliases_item_id", "item_id"),
)

versions = Table(
    "versions",
    metadata,
    _ref("announcement_id", "announcements"),
    Column("language", String(35), nullable=False),
    _ref("item_id", "items"),
    Column("fingerprint", String(64), nullable=False),
    Column("updated_at", Utc, nullable=False),
    PrimaryKeyConstraint("announcement_id", "language"),
)
"""Which item is shown for an announcement in a language: the best one."""

revisions = Table(
    "revisions",
    metadata,
    _id(),
    _ref("announcement_id", "announcements"),
    Column("language", String(35), nullable=False),
    Column("at", Utc, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("version", Text, nullable=False),
    Index("ix_revisions_announcement_id", "announcement_id"),
)
"""What a version said before it changed, whole, as JSON."""

feed_documents = Table(
    "feed_documents",
    metadata,
    Column("feed", String(64), nullable=False),
    Column("part", String(32), nullable=False),
    Column("format", String(8), nullable=False),
    Column("encoding", String(8), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("etag", String(80), nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    _text("fingerprint"),
    PrimaryKeyConstraint("feed", "part", "format", "encoding"),
)
"""`changed_at` is when the bytes last changed (Last-Modified), `updated_at` what the document says of itself."""

# Digests, schedules, editions

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
    _text("tuned_by"),
    _text("tuned_why"),
    Column("tuned_at", Utc),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("looked_at", Utc, nullable=False),
    Column("paused", Boolean, nullable=False, server_default="0"),
    Column("paused_until", Utc),
    _count("skip_next"),
)
"""`looked_at` is the start line in time: slots up to it have been dealt with; it never moves back."""

slots = Table(
    "slots",
    metadata,
    _id(),
    Column("digest", String(64), ForeignKey("digests.slug"), nullable=False),
    Column("key", String(40), nullable=False),
    Column("at", Utc, nullable=False),
    Column("state", String(16), nullable=False),
    _ref("edition_id", "editions", nullable=True),
    Column("seen_at", Utc, nullable=False),
    _text("note"),
    UniqueConstraint("digest", "key"),
    Index("ix_slots_state", "state"),
)
"""`key` is the local wall time of a calendar rule, so that a clock change makes no second one.
State: owed, answered, skipped, missed."""

editions = Table(
    "editions",
    metadata,
    _id(),
    Column("digest", String(64), ForeignKey("digests.slug"), nullable=False),
    Column("label", String(24), nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("slot_at", Utc),
    Column("until", Utc, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("sealed_at", Utc),
    Column("sent_at", Utc),
    _text("why"),
    UniqueConstraint("digest", "label"),
    Index("ix_editions_status", "status"),
)

edition_revisions = Table(
    "edition_revisions",
    metadata,
    _ref("edition_id", "editions"),
    Column("revision", Integer, nullable=False),
    Column("at", Utc, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("snapshot", Text, nullable=False),
    _text("why"),
    PrimaryKeyConstraint("edition_id", "revision"),
)

entries = Table(
    "entries",
    metadata,
    _ref("edition_id", "editions"),
    Column("revision", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    _ref("announcement_id", "announcements"),
    _text("section"),
    PrimaryKeyConstraint("edition_id", "revision", "position"),
    Index("ix_entries_announcement_id", "announcement_id"),
)

dispositions = Table(
    "dispositions",
    metadata,
    Column("digest", String(64), nullable=False),
    _ref("announcement_id", "announcements"),
    Column("disposition", String(16), nullable=False),
    _ref("edition_id", "editions", nullable=True),
    Column("at", Utc, nullable=False),
    _text("why"),
    PrimaryKeyConstraint("digest", "announcement_id"),
    Index("ix_dispositions_edition_id", "edition_id"),
)

# People

subscribers = Table(
    "subscribers",
    metadata,
    _id(),
    Column("handle", String(32), nullable=False, unique=True),
    Column("email", Text, nullable=False),
    Column("email_norm", Text, nullable=False, unique=True),
    _text("name"),
    Column("language", String(35), nullable=False, server_default=""),
    Column("zone", String(64), nullable=False, server_default=""),
    Column("suppressed", Boolean, nullable=False, server_default="0"),
    Column("created_at", Utc, nullable=False),
)
"""`suppressed` mirrors `suppressions`, whose keyed hash no SQL can compute; both move in one transaction."""

subscriptions = Table(
    "subscriptions",
    metadata,
    _ref("subscriber_id", "subscribers"),
    Column("digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("basis", String(16), nullable=False),
    _json("evidence", "{}"),
    Column("changed_at", Utc, nullable=False),
    Column("confirmed_at", Utc),
    Column("paused_until", Utc),
    PrimaryKeyConstraint("subscriber_id", "digest"),
    Index("ix_subscriptions_digest_state", "digest", "state", "subscriber_id"),
)

suppressions = Table(
    "suppressions",
    metadata,
    _id(),
    Column("fingerprint", String(64), nullable=False, unique=True),
    _text("email"),
    Column("reason", String(24), nullable=False),
    _text("source"),
    Column("at", Utc, nullable=False),
)
"""Keyed by a keyed hash of the normalised address; the address itself is kept only until it is erased."""

bounces = Table(
    "bounces",
    metadata,
    _id(),
    _ref("subscriber_id", "subscribers", nullable=True),
    _ref("mailing_id", "mailings", nullable=True),
    Column("class", String(16), nullable=False),
    _text("status"),
    _text("diagnostic"),
    Column("dedupe_key", String(80), nullable=False, unique=True),
    Column("at", Utc, nullable=False),
    Index("ix_bounces_subscriber_id", "subscriber_id"),
)

# Mail

mailings = Table(
    "mailings",
    metadata,
    _id(),
    _ref("edition_id", "editions"),
    Column("revision", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("key_id", String(24), nullable=False),
    Column("status", String(16), nullable=False),
    _count("audience"),
    Column("start_at", Utc, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("ended_at", Utc),
    _text("why"),
    UniqueConstraint("edition_id", "revision"),
    Index("ix_mailings_status", "status"),
)

letters = Table(
    "letters",
    metadata,
    _ref("mailing_id", "mailings"),
    Column("variant", SmallInteger, nullable=False),
    Column("language", String(35), nullable=False),
    Column("subject", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    _json("markers", "{}"),
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
)
"""Lean on purpose: millions of them. `at` is when it last changed, or is next due, in ms since 1970."""

delivery_events = Table(
    "delivery_events",
    metadata,
    _id(),
    Column("mailing_id", Id, nullable=False),
    Column("subscriber_id", Id, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("code", SmallInteger, nullable=False),
    _text("text"),
    _count("attempts"),
    Column("at", Utc, nullable=False),
    Column("resolved_at", Utc),
    _text("resolution"),
    UniqueConstraint("mailing_id", "subscriber_id", "kind"),
    Index("ix_delivery_events_kind", "kind", "resolved_at"),
)
"""Failures and doubts, one row a delivery and kind; they outlive the deliveries."""

shards = Table(
    "shards",
    metadata,
    _ref("mailing_id", "mailings"),
    Column("number", Integer, nullable=False),
    Column("first", Id, nullable=False),
    Column("last", Id, nullable=False),
    _text("owner"),
    Column("leased_until", BigInteger, nullable=False, server_default="0"),
    Column("next_due", BigInteger),
    _count("owed"),
    _count("accepted"),
    _count("deferred"),
    _count("rejected"),
    _count("uncertain"),
    _count("withdrawn"),
    PrimaryKeyConstraint("mailing_id", "number"),
    Index("ix_shards_next_due", "next_due"),
)
"""`next_due` (ms) is NULL once nothing in the range is owed."""

notes = Table(
    "notes",
    metadata,
    _id(),
    Column("kind", String(16), nullable=False),
    Column("sender", String(64), nullable=False),
    Column("address", Text, nullable=False),
    _ref("subscriber_id", "subscribers", nullable=True),
    Column("message", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("leased_until", Utc),
    _count("attempts"),
    _text("last_reply"),
    Column("created_at", Utc, nullable=False),
    Column("dedupe_key", String(120), nullable=False, unique=True),
    Index("ix_notes_state_due_at", "state", "due_at"),
)

pace = Table(
    "pace", metadata, Column("key", String(120), primary_key=True), Column("next_at", BigInteger, nullable=False)
)
"""When the next message for a key may go, in µs since 1970 (GCRA's theoretical arrival time)."""
