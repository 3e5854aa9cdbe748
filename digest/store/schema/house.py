"""What the store knows of itself."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from digest.store.schema.columns import Utc, identity, metadata, words

instance = Table(
    "instance",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
"""Few named values: id, count (raised at each start and sealing), quarantine, pepper (never rotated), and the like."""

counters = Table(
    "counters", metadata, Column("name", String(40), primary_key=True), Column("value", BigInteger, nullable=False)
)
"""`announcements`: the last seq given, locked in the collect transaction."""

audit = Table(
    "audit",
    metadata,
    identity(),
    Column("at", Utc, nullable=False),
    words("who"),
    Column("action", Text, nullable=False),
    words("subject"),
    words("was"),
    words("became"),
    words("why"),
    Index("ix_audit_subject", "subject"),
    Index("ix_audit_action_at", "action", "at"),
)
