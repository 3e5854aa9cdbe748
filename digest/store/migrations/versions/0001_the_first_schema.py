"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from digest.store import schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), server_default="", nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("effective_at", schema.Utc(length=27), nullable=False),
        sa.Column("first_seen_at", schema.Utc(length=27), nullable=False),
        sa.Column("updated_at", schema.Utc(length=27), nullable=False),
        sa.Column("merged_into", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("retracted_at", schema.Utc(length=27), nullable=True),
        sa.Column("retracted_why", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["merged_into"], ["announcements.id"], name=op.f("fk_announcements_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
        sa.UniqueConstraint("public_id", name=op.f("uq_announcements_public_id")),
        sa.UniqueConstraint("seq", name=op.f("uq_announcements_seq")),
    )
    with op.batch_alter_table("announcements") as batch_op:
        batch_op.create_index("ix_announcements_changed", ["changed"], unique=False)
        batch_op.create_index("ix_announcements_effective_at", ["effective_at"], unique=False)
        batch_op.create_index("ix_announcements_slug", ["slug"], unique=False)
        batch_op.create_index("ix_announcements_updated_at", ["updated_at"], unique=False)

    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", schema.Utc(length=27), nullable=False),
        sa.Column("who", sa.Text(), server_default="", nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("was", sa.Text(), server_default="", nullable=False),
        sa.Column("became", sa.Text(), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit") as batch_op:
        batch_op.create_index("ix_audit_subject", ["subject"], unique=False)
        batch_op.create_index("ix_audit_action_at", ["action", "at"], unique=False)

    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "deliveries",
        sa.Column("mailing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subscriber_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("variant", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mailing_id", "subscriber_id", name=op.f("pk_deliveries")),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (mailing_id)",
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TABLE deliveries_rest PARTITION OF deliveries DEFAULT WITH (fillfactor = 50, "
            "autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02)"
        )
    op.create_table(
        "delivery_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mailing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subscriber_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("code", sa.SmallInteger(), nullable=False),
        sa.Column("fault", sa.String(length=16), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=24), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("at", schema.Utc(length=27), nullable=False),
        sa.Column("resolved_at", schema.Utc(length=27), nullable=True),
        sa.Column("resolution", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_events")),
        sa.UniqueConstraint(
            "mailing_id", "subscriber_id", "kind", name=op.f("uq_delivery_events_mailing_id_subscriber_id_kind")
        ),
    )
    with op.batch_alter_table("delivery_events") as batch_op:
        batch_op.create_index("ix_delivery_events_kind", ["kind", "resolved_at"], unique=False)

    op.create_table(
        "digests",
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("start_line", sa.BigInteger(), nullable=False),
        sa.Column("created_at", schema.Utc(length=27), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_digests")),
    )
    op.create_table(
        "feed_archives",
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stale", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("feed", "number", name=op.f("pk_feed_archives")),
    )
    with op.batch_alter_table("feed_archives") as batch_op:
        batch_op.create_index("ix_feed_archives_stale", ["feed", "stale"], unique=False)

    op.create_table(
        "feed_documents",
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("part", sa.String(length=32), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("encoding", sa.String(length=8), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("etag", sa.String(length=80), nullable=False),
        sa.Column("changed_at", schema.Utc(length=27), nullable=False),
        sa.Column("updated_at", schema.Utc(length=27), nullable=False),
        sa.Column("fingerprint", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("feed", "part", "format", "encoding", name=op.f("pk_feed_documents")),
    )
    op.create_table(
        "feed_marks",
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("selection", sa.Text(), server_default="", nullable=False),
        sa.Column("print", sa.Text(), server_default="", nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", schema.Utc(length=27), nullable=False),
        sa.Column("touched", sa.BigInteger(), nullable=False),
        sa.Column("built", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("feed", name=op.f("pk_feed_marks")),
    )
    op.create_table(
        "hosts",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("hold_until", schema.Utc(length=27), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_hosts")),
    )
    op.create_table(
        "instance",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_instance")),
    )
    op.create_table(
        "media",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("at", schema.Utc(length=27), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_media")),
    )
    with op.batch_alter_table("media") as batch_op:
        batch_op.create_index("ix_media_url", ["url"], unique=False)

    op.create_table(
        "pace",
        sa.Column("key", sa.String(length=330), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("slowed_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_pace")),
    )
    op.create_table(
        "pace_spent",
        sa.Column("key", sa.String(length=330), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "since", name=op.f("pk_pace_spent")),
    )
    op.create_table(
        "pushes",
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.Column("at", schema.Utc(length=27), nullable=False),
        sa.PrimaryKeyConstraint("mac", name=op.f("pk_pushes")),
    )
    op.create_table(
        "sources",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("validators_url", sa.Text(), server_default="", nullable=False),
        sa.Column("etag", sa.Text(), server_default="", nullable=False),
        sa.Column("last_modified", sa.Text(), server_default="", nullable=False),
        sa.Column("body_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("first_collected_at", schema.Utc(length=27), nullable=True),
        sa.Column("checked_at", schema.Utc(length=27), nullable=True),
        sa.Column("full_fetch_at", schema.Utc(length=27), nullable=True),
        sa.Column("next_check_at", schema.Utc(length=27), nullable=True),
        sa.Column("hold_until", schema.Utc(length=27), nullable=True),
        sa.Column("last_success_at", schema.Utc(length=27), nullable=True),
        sa.Column("last_new_at", schema.Utc(length=27), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("gone", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("rhythm_days", sa.Integer(), nullable=True),
        sa.Column("moved_to", sa.Text(), server_default="", nullable=False),
        sa.Column("moved_on", schema.Day(length=10), nullable=True),
        sa.Column("moved_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("adopted_url", sa.Text(), server_default="", nullable=False),
        sa.Column("failing_since", schema.Utc(length=27), nullable=True),
        sa.Column("alerted_at", schema.Utc(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("slug", name=op.f("uq_sources_slug")),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handle", sa.String(length=32), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_norm", sa.Text(), nullable=False),
        sa.Column("email_lower", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.String(length=35), server_default="", nullable=False),
        sa.Column("zone", sa.String(length=64), server_default="", nullable=False),
        sa.Column("text_only", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("suppressed", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("created_at", schema.Utc(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("email_norm", name=op.f("uq_subscribers_email_norm")),
        sa.UniqueConstraint("handle", name=op.f("uq_subscribers_handle")),
    )
    with op.batch_alter_table("subscribers", schema=None) as batch_op:
        batch_op.create_index("ix_subscribers_email_lower", ["email_lower"], unique=False)

    op.create_table(
        "departures",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", schema.Utc(length=27), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", "digest", name=op.f("pk_departures")),
    )
    op.create_table(
        "suppressions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("at", schema.Utc(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_suppressions_fingerprint")),
    )
    op.create_table(
        "editions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=24), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("slot_at", schema.Utc(length=27), nullable=True),
        sa.Column("until", schema.Utc(length=27), nullable=False),
        sa.Column("by", sa.String(length=16), server_default="arrival", nullable=False),
        sa.Column("created_at", schema.Utc(length=27), nullable=False),
        sa.Column("sealed_at", schema.Utc(length=27), nullable=True),
        sa.Column("sent_at", schema.Utc(length=27), nullable=True),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["digests.slug"], name=op.f("fk_editions_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sa.UniqueConstraint("digest", "label", name=op.f("uq_editions_digest_label")),
    )
    with op.batch_alter_table("editions") as batch_op:
        batch_op.create_index("ix_editions_status", ["status"], unique=False)

    op.create_table(
        "feed_entries",
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("announcement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("effective_at", schema.Utc(length=27), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("archive", sa.Integer(), nullable=True),
        sa.Column("gone", sa.Boolean(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"], ["announcements.id"], name=op.f("fk_feed_entries_announcement_id")
        ),
        sa.PrimaryKeyConstraint("feed", "announcement_id", name=op.f("pk_feed_entries")),
    )
    with op.batch_alter_table("feed_entries") as batch_op:
        batch_op.create_index("ix_feed_entries_archive", ["feed", "archive"], unique=False)
        batch_op.create_index("ix_feed_entries_newest", ["feed", "effective_at", "seq"], unique=False)

    op.create_table(
        "items",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ident", sa.Text(), nullable=False),
        sa.Column("ident_kind", sa.String(length=8), nullable=False),
        sa.Column("announcement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("link", sa.Text(), server_default="", nullable=False),
        sa.Column("link_key", sa.Text(), server_default="", nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_key", sa.Text(), server_default="", nullable=False),
        sa.Column("summary", sa.Text(), server_default="", nullable=False),
        sa.Column("content", sa.Text(), server_default="", nullable=False),
        sa.Column("full_text", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("translation_of", sa.Text(), server_default="", nullable=False),
        sa.Column("categories", sa.Text(), server_default="[]", nullable=False),
        sa.Column("authors", sa.Text(), server_default="[]", nullable=False),
        sa.Column("picture", sa.Text(), nullable=True),
        sa.Column("enclosures", sa.Text(), server_default="[]", nullable=False),
        sa.Column("facts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("published_at", schema.Utc(length=27), nullable=True),
        sa.Column("published_on", schema.Day(length=10), nullable=True),
        sa.Column("published_raw", sa.Text(), server_default="", nullable=False),
        sa.Column("precision", sa.String(length=8), nullable=False),
        sa.Column("updated_at", schema.Utc(length=27), nullable=True),
        sa.Column("first_seen_at", schema.Utc(length=27), nullable=False),
        sa.Column("last_seen_at", schema.Utc(length=27), nullable=False),
        sa.Column("content_changed_at", schema.Utc(length=27), nullable=False),
        sa.Column("missing_at", schema.Utc(length=27), nullable=True),
        sa.Column("deleted_at", schema.Utc(length=27), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("raw", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcements.id"], name=op.f("fk_items_announcement_id")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_items_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("source_id", "ident", name=op.f("uq_items_source_id_ident")),
    )
    with op.batch_alter_table("items") as batch_op:
        batch_op.create_index("ix_items_announcement_id", ["announcement_id"], unique=False)
        batch_op.create_index("ix_items_link_key", ["link_key"], unique=False)
        batch_op.create_index("ix_items_published_at", ["source_id", "published_at"], unique=False)
        batch_op.create_index("ix_items_title_key", ["title_key"], unique=False)
        batch_op.create_index("ix_items_translation_of", ["translation_of"], unique=False)

    op.create_table(
        "notes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("sender", sa.String(length=64), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("subscriber_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due_at", schema.Utc(length=27), nullable=False),
        sa.Column("leased_until", schema.Utc(length=27), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("answered_at", schema.Utc(length=27), nullable=True),
        sa.Column("place_at", schema.Utc(length=27), nullable=True),
        sa.Column("last_reply", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", schema.Utc(length=27), nullable=False),
        sa.Column("dedupe_key", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name=op.f("fk_notes_subscriber_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_notes_dedupe_key")),
    )
    with op.batch_alter_table("notes") as batch_op:
        batch_op.create_index("ix_notes_state_due_at", ["state", "due_at"], unique=False)

    op.create_table(
        "revisions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("announcement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("at", schema.Utc(length=27), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcements.id"], name=op.f("fk_revisions_announcement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
    )
    with op.batch_alter_table("revisions") as batch_op:
        batch_op.create_index("ix_revisions_announcement_id", ["announcement_id"], unique=False)

    op.create_table(
        "schedules",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("declared", sa.Text(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("tuned", sa.Text(), nullable=True),
        sa.Column("tuned_by", sa.Text(), server_default="", nullable=False),
        sa.Column("tuned_why", sa.Text(), server_default="", nullable=False),
        sa.Column("tuned_at", schema.Utc(length=27), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("looked_at", schema.Utc(length=27), nullable=False),
        sa.Column("paused", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("paused_until", schema.Utc(length=27), nullable=True),
        sa.Column("skip_next", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["digests.slug"], name=op.f("fk_schedules_digest")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_schedules")),
    )
    op.create_table(
        "subscriptions",
        sa.Column("subscriber_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("basis", sa.String(length=16), nullable=False),
        sa.Column("evidence", sa.Text(), server_default="{}", nullable=False),
        sa.Column("changed_at", schema.Utc(length=27), nullable=False),
        sa.Column("confirmed_at", schema.Utc(length=27), nullable=True),
        sa.Column("paused_until", schema.Utc(length=27), nullable=True),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name=op.f("fk_subscriptions_subscriber_id")),
        sa.PrimaryKeyConstraint("subscriber_id", "digest", name=op.f("pk_subscriptions")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("subscriptions") as batch_op:
        batch_op.create_index("ix_subscriptions_digest_state", ["digest", "state", "subscriber_id"], unique=False)

    op.create_table(
        "attributes",
        sa.Column("subscriber_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name=op.f("fk_attributes_subscriber_id")),
        sa.PrimaryKeyConstraint("subscriber_id", "name", name=op.f("pk_attributes")),
    )
    with op.batch_alter_table("attributes") as batch_op:
        batch_op.create_index("ix_attributes_name_value", ["name", "value"], unique=False)

    op.create_table(
        "address_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handle", sa.String(length=32), nullable=False),
        sa.Column("subscriber_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_norm", sa.Text(), nullable=False),
        sa.Column("was_email", sa.Text(), nullable=False),
        sa.Column("was_norm", sa.Text(), nullable=False),
        sa.Column("asked_at", schema.Utc(length=27), nullable=False),
        sa.Column("done_at", schema.Utc(length=27), nullable=True),
        sa.Column("undone_at", schema.Utc(length=27), nullable=True),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name=op.f("fk_address_changes_subscriber_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_changes")),
        sa.UniqueConstraint("handle", name=op.f("uq_address_changes_handle")),
    )
    with op.batch_alter_table("address_changes") as batch_op:
        batch_op.create_index("ix_address_changes_subscriber_id", ["subscriber_id"], unique=False)

    op.create_table(
        "dispositions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("announcement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("disposition", sa.String(length=16), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", schema.Utc(length=27), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"], ["announcements.id"], name=op.f("fk_dispositions_announcement_id")
        ),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_dispositions_edition_id")),
        sa.PrimaryKeyConstraint("digest", "announcement_id", name=op.f("pk_dispositions")),
    )
    with op.batch_alter_table("dispositions") as batch_op:
        batch_op.create_index("ix_dispositions_edition_id", ["edition_id"], unique=False)

    op.create_table(
        "edition_revisions",
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", schema.Utc(length=27), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_edition_revisions_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", "revision", name=op.f("pk_edition_revisions")),
    )
    op.create_table(
        "draft_edits",
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("wish", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=35), server_default="", nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.Column("at", schema.Utc(length=27), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_draft_edits_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", "subject", "wish", "language", name=op.f("pk_draft_edits")),
    )
    op.create_table(
        "entries",
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("announcement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("section", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcements.id"], name=op.f("fk_entries_announcement_id")),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_entries_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", "revision", "position", name=op.f("pk_entries")),
    )
    with op.batch_alter_table("entries") as batch_op:
        batch_op.create_index("ix_entries_announcement_id", ["announcement_id"], unique=False)

    op.create_table(
        "item_aliases",
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_aliases_item_id")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_item_aliases_source_id")),
        sa.PrimaryKeyConstraint("source_id", "alias", name=op.f("pk_item_aliases")),
    )
    with op.batch_alter_table("item_aliases") as batch_op:
        batch_op.create_index("ix_item_aliases_item_id", ["item_id"], unique=False)

    op.create_table(
        "mailings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), server_default="edition", nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=24), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("audience", sa.Integer(), server_default="0", nullable=False),
        sa.Column("start_at", schema.Utc(length=27), nullable=False),
        sa.Column("created_at", schema.Utc(length=27), nullable=False),
        sa.Column("ended_at", schema.Utc(length=27), nullable=True),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("segment", sa.Text(), server_default="{}", nullable=False),
        sa.Column("upto", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reached", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="0", nullable=False),
        sa.Column("active_at", schema.Utc(length=27), nullable=False),
        sa.Column("folded", sa.Boolean(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_mailings_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailings")),
        sa.UniqueConstraint("edition_id", "revision", "kind", name=op.f("uq_mailings_edition_id_revision_kind")),
    )
    with op.batch_alter_table("mailings") as batch_op:
        batch_op.create_index("ix_mailings_status", ["status"], unique=False)

    op.create_table(
        "slots",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("at", schema.Utc(length=27), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("seen_at", schema.Utc(length=27), nullable=False),
        sa.Column("pinged_at", schema.Utc(length=27), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["digests.slug"], name=op.f("fk_slots_digest")),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_slots_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slots")),
        sa.UniqueConstraint("digest", "key", name=op.f("uq_slots_digest_key")),
    )
    with op.batch_alter_table("slots") as batch_op:
        batch_op.create_index("ix_slots_state", ["state"], unique=False)

    op.create_table(
        "versions",
        sa.Column("announcement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("updated_at", schema.Utc(length=27), nullable=False),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcements.id"], name=op.f("fk_versions_announcement_id")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_versions_item_id")),
        sa.PrimaryKeyConstraint("announcement_id", "language", name=op.f("pk_versions")),
    )
    op.create_table(
        "bounces",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subscriber_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("mailing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("class", sa.String(length=16), nullable=False),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("diagnostic", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("dedupe_key", sa.String(length=80), nullable=False),
        sa.Column("at", schema.Utc(length=27), nullable=False),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailings.id"], name=op.f("fk_bounces_mailing_id")),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name=op.f("fk_bounces_subscriber_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounces")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_bounces_dedupe_key")),
    )
    with op.batch_alter_table("bounces") as batch_op:
        batch_op.create_index("ix_bounces_subscriber_id", ["subscriber_id"], unique=False)

    op.create_table(
        "letters",
        sa.Column("mailing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("variant", sa.SmallInteger(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("markers", sa.Text(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailings.id"], name=op.f("fk_letters_mailing_id")),
        sa.PrimaryKeyConstraint("mailing_id", "variant", name=op.f("pk_letters")),
    )
    op.create_table(
        "shards",
        sa.Column("mailing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("leased_until", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_due", sa.BigInteger(), nullable=True),
        sa.Column("owed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("accepted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("deferred", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("uncertain", sa.Integer(), server_default="0", nullable=False),
        sa.Column("withdrawn", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailings.id"], name=op.f("fk_shards_mailing_id")),
        sa.PrimaryKeyConstraint("mailing_id", "number", name=op.f("pk_shards")),
    )
    with op.batch_alter_table("shards") as batch_op:
        batch_op.create_index("ix_shards_next_due", ["next_due"], unique=False)
