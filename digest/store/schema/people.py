"""Subscribers, their subscriptions, and whom we must not write to."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, PrimaryKeyConstraint, String, Table, Text

from digest.store.schema.columns import Utc, identity, json_text, metadata, ref, words

subscribers = Table(
    "subscribers",
    metadata,
    identity(),
    Column("handle", String(32), nullable=False, unique=True),
    Column("email", Text, nullable=False),
    Column("email_norm", Text, nullable=False, unique=True),
    Column("email_lower", Text),
    words("name"),
    Column("language", String(35), nullable=False, server_default=""),
    Column("zone", String(64), nullable=False, server_default=""),
    Column("text_only", Boolean, nullable=False, server_default="0"),
    Column("suppressed", Boolean, nullable=False, server_default="0"),
    Column("created_at", Utc, nullable=False),
    Index("ix_subscribers_email_lower", "email_lower"),
)
"""`suppressed` mirrors `suppressions`, whose keyed hash no SQL can compute; both move in one transaction.
`email_lower` is `email_norm` in lower case where that is another, else NULL: by it `Ada@` is found as `ada@`."""

attributes = Table(
    "attributes",
    metadata,
    ref("subscriber_id", "subscribers"),
    Column("name", String(64), nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("subscriber_id", "name"),
    Index("ix_attributes_name_value", "name", "value"),
)
"""What an operator's list says of people besides: a country, a membership; segments choose by it."""

subscriptions = Table(
    "subscriptions",
    metadata,
    ref("subscriber_id", "subscribers"),
    Column("digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("basis", String(16), nullable=False),
    json_text("evidence", "{}"),
    Column("changed_at", Utc, nullable=False),
    Column("confirmed_at", Utc),
    Column("paused_until", Utc),
    PrimaryKeyConstraint("subscriber_id", "digest"),
    Index("ix_subscriptions_digest_state", "digest", "state", "subscriber_id"),
    sqlite_with_rowid=False,
)

address_changes = Table(
    "address_changes",
    metadata,
    identity(),
    Column("handle", String(32), nullable=False, unique=True),
    ref("subscriber_id", "subscribers"),
    Column("email", Text, nullable=False),
    Column("email_norm", Text, nullable=False),
    Column("was_email", Text, nullable=False),
    Column("was_norm", Text, nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("done_at", Utc),
    Column("undone_at", Utc),
    Index("ix_address_changes_subscriber_id", "subscriber_id"),
)
"""A subscriber's new address, asked for, made, or taken back; kept only as long as it can be."""

suppressions = Table(
    "suppressions",
    metadata,
    identity(),
    Column("fingerprint", String(64), nullable=False, unique=True),
    words("email"),
    Column("reason", String(24), nullable=False),
    words("source"),
    Column("at", Utc, nullable=False),
)
"""Keyed by a keyed hash of the normalised address; the address itself is kept only until it is erased."""

departures = Table(
    "departures",
    metadata,
    Column("fingerprint", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    PrimaryKeyConstraint("fingerprint", "digest"),
)
"""Who left and is no subscriber of that digest here, since a backup was restored: told by the diary. Keyed as
`suppressions` are."""

bounces = Table(
    "bounces",
    metadata,
    identity(),
    ref("subscriber_id", "subscribers", nullable=True),
    ref("mailing_id", "mailings", nullable=True),
    Column("class", String(16), nullable=False),
    words("status"),
    words("diagnostic"),
    words("address"),
    words("source"),
    Column("dedupe_key", String(80), nullable=False, unique=True),
    Column("at", Utc, nullable=False),
    Index("ix_bounces_subscriber_id", "subscriber_id"),
)
"""What came back; without a subscriber where no valid token said whose letter it was, then with the `address` in it."""
