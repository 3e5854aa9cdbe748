"""The types of columns, and the short words that tables are written in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Text,
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
        return _written(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


@lru_cache(maxsize=64)
def _written(value: datetime) -> str:
    """Rows that are written together bear the same moment."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0") + "Z"


class Day(TypeDecorator[date]):
    """A calendar date as ISO 8601 text."""

    impl = String(10)
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


def identity() -> Column[int]:
    return Column("id", Id, primary_key=True)


def ref(name: str, target: str, **options: Any) -> Column[int]:
    return Column(name, Id, ForeignKey(f"{target}.id"), **{"nullable": False, **options})


def json_text(name: str, empty: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=empty)


def words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default="0")
