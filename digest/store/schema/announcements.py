"""Sources, what they said, what was announced, and the feeds made of it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from digest.store.schema.columns import Day, Utc, count, identity, json_text, metadata, ref, words

sources = Table(
    "sources",
    metadata,
    identity(),
    Column("slug", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("url", Text, nullable=False),
    words("validators_url"),
    words("etag"),
    words("last_modified"),
    words("body_hash"),
    Column("first_collected_at", Utc),
    Column("checked_at", Utc),
    Column("full_fetch_at", Utc),
    Column("next_check_at", Utc),
    Column("hold_until", Utc),
    Column("last_success_at", Utc),
    Column("last_new_at", Utc),
    count("failures"),
    words("last_error"),
    Column("gone", Boolean, nullable=False, server_default="0"),
    Column("rhythm_days", Integer),
    words("moved_to"),
    Column("moved_on", Day),
    count("moved_days"),
    words("adopted_url"),
    Column("failing_since", Utc),
    Column("alerted_at", Utc),
)
"""`moved_days` counts days in a row on which the address answered with a move for good to `moved_to`; after some
the new one is kept as `adopted_url`, while `url` stays what the operator declared. `failing_since` begins an incident,
and `alerted_at` says that somebody was told."""

hosts = Table(
    "hosts", metadata, Column("host", String(255), primary_key=True), Column("hold_until", Utc, nullable=False)
)
"""Hosts that asked us to stay away, whatever source or picture we came for."""

pushes = Table("pushes", metadata, Column("mac", String(64), primary_key=True), Column("at", Utc, nullable=False))
"""Signatures of what was pushed to us lately: none is taken twice."""

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
    identity(),
    Column("public_id", Text, nullable=False, unique=True),
    words("slug"),
    Column("seq", BigInteger, nullable=False, unique=True),
    Column("changed", BigInteger, nullable=False, server_default="0"),
    Column("effective_at", Utc, nullable=False),
    Column("first_seen_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    ref("merged_into", "announcements", nullable=True),
    Column("retracted_at", Utc),
    words("retracted_why"),
    Index("ix_announcements_effective_at", "effective_at"),
    Index("ix_announcements_updated_at", "updated_at"),
    Index("ix_announcements_slug", "slug"),
    Index("ix_announcements_changed", "changed"),
)
"""`slug` is the last part of the public id. `changed` rises with every change, under a lock: who has seen all up to a
number misses none by going on from there."""

items = Table(
    "items",
    metadata,
    identity(),
    ref("source_id", "sources"),
    Column("ident", Text, nullable=False),
    Column("ident_kind", String(8), nullable=False),
    ref("announcement_id", "announcements"),
    words("link"),
    words("link_key"),
    Column("title", Text, nullable=False),
    words("title_key"),
    words("summary"),
    words("content"),
    Column("full_text", Boolean, nullable=False),
    Column("language", String(35), nullable=False),
    words("translation_of"),
    json_text("categories", "[]"),
    json_text("authors", "[]"),
    Column("picture", Text),
    json_text("enclosures", "[]"),
    json_text("facts", "{}"),
    Column("published_at", Utc),
    Column("published_on", Day),
    words("published_raw"),
    Column("precision", String(8), nullable=False),
    Column("updated_at", Utc),
    Column("first_seen_at", Utc, nullable=False),
    Column("last_seen_at", Utc, nullable=False),
    Column("content_changed_at", Utc, nullable=False),
    Column("missing_at", Utc),
    Column("deleted_at", Utc),
    Column("fingerprint", String(64), nullable=False),
    words("raw"),
    UniqueConstraint("source_id", "ident"),
    Index("ix_items_announcement_id", "announcement_id"),
    Index("ix_items_link_key", "link_key"),
    Index("ix_items_title_key", "title_key"),
    Index("ix_items_translation_of", "translation_of"),
    Index("ix_items_published_at", "source_id", "published_at"),
)
"""`missing_at` is when its source first said that it has no such thing; `deleted_at` makes the row a tombstone.
`link_key` is the canonical link without its scheme, `title_key` the normalised title: for folding."""

item_aliases = Table(
    "item_aliases",
    metadata,
    ref("source_id", "sources"),
    Column("alias", Text, nullable=False),
    ref("item_id", "items"),
    PrimaryKeyConstraint("source_id", "alias"),
    Index("ix_item_aliases_item_id", "item_id"),
)

versions = Table(
    "versions",
    metadata,
    ref("announcement_id", "announcements"),
    Column("language", String(35), nullable=False),
    ref("item_id", "items"),
    Column("fingerprint", String(64), nullable=False),
    Column("updated_at", Utc, nullable=False),
    PrimaryKeyConstraint("announcement_id", "language"),
)
"""Which item is shown for an announcement in a language: the best one."""

revisions = Table(
    "revisions",
    metadata,
    identity(),
    ref("announcement_id", "announcements"),
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
    words("fingerprint"),
    PrimaryKeyConstraint("feed", "part", "format", "encoding"),
)
"""`changed_at` is when the bytes last changed (Last-Modified), `updated_at` what the document says of itself."""

feed_entries = Table(
    "feed_entries",
    metadata,
    Column("feed", String(64), nullable=False),
    ref("announcement_id", "announcements"),
    Column("effective_at", Utc, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("archive", Integer),
    Column("gone", Boolean, nullable=False, server_default="0"),
    PrimaryKeyConstraint("feed", "announcement_id"),
    Index("ix_feed_entries_newest", "feed", "effective_at", "seq"),
    Index("ix_feed_entries_archive", "feed", "archive"),
)
"""What belongs to a feed. Once an entry has an `archive`, the number of a document, it stays there, even when it is
`gone`: when it no longer fits the feed, by another category perhaps."""

feed_archives = Table(
    "feed_archives",
    metadata,
    Column("feed", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("stale", Integer, nullable=False),
    PrimaryKeyConstraint("feed", "number"),
    Index("ix_feed_archives_stale", "feed", "stale"),
)
"""A feed's archive documents (RFC 5005). `stale` rises whenever one must be built again, and is 0 once it stands."""

feed_marks = Table(
    "feed_marks",
    metadata,
    Column("feed", String(64), primary_key=True),
    words("selection"),
    words("print"),
    Column("changed", BigInteger, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("touched", BigInteger, nullable=False),
    Column("built", BigInteger, nullable=False),
    count("entries"),
)
"""How far a feed has looked (`changed`) and is built (`built`), and what it was declared as then."""
