"""The schema's history: bring a store up to date, or say that it is not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, UniqueConstraint, inspect, text

from digest.errors import StoreError
from digest.store.database import Store, Tx
from digest.store.schema import metadata

if TYPE_CHECKING:
    from alembic.config import Config

_VERSIONS = Path(__file__).parent / "migrations" / "versions"
# Any number will do, the same in every process: two that migrate at once wait for each other.
_ADVISORY_LOCK = 0x64696765


async def upgrade(store: Store) -> None:
    """Bring the store to the newest schema; safe to call from many processes at once."""
    async with store.write() as tx:
        await one_at_a_time(tx)
        await tx.run_sync(_upgrade)


async def one_at_a_time(tx: Tx) -> None:
    """Wait while another process migrates, and keep others waiting until this transaction ends."""
    if tx.dialect.name != "sqlite":
        await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})


async def ready(store: Store) -> None:
    """Make a new SQLite store; refuse any other that is not at the newest schema."""
    async with store.read() as tx:
        current, tables = await tx.run_sync(_state)
    if current == head():
        return
    if store.is_sqlite and not tables:
        await upgrade(store)
        return
    if current is None and tables:
        raise StoreError("holds tables that are not ours; give the service a database of its own", about=store.name)
    raise StoreError("its schema is not this version's: run `digest db upgrade`", about=store.name)


def head() -> str:
    """The newest revision's name: what its file's begins with."""
    return max(path.name.partition("_")[0] for path in _VERSIONS.glob("[0-9]*.py"))


def index_differences(connection: Connection) -> list[str]:
    """Indexes and unique constraints that the schema names and the database lacks, or the reverse."""
    inspector = inspect(connection)
    wrong: list[str] = []
    for table in metadata.sorted_tables:
        wanted = {tuple(column.name for column in index.columns) for index in table.indexes}
        wanted |= {
            tuple(column.name for column in constraint.columns)
            for constraint in table.constraints
            if isinstance(constraint, UniqueConstraint)
        }
        found = {tuple(index["column_names"]) for index in inspector.get_indexes(table.name)}
        found |= {tuple(unique["column_names"]) for unique in inspector.get_unique_constraints(table.name)}
        wrong += [f"{table.name}{columns}: missing" for columns in sorted(wanted - found)]
        wrong += [f"{table.name}{columns}: unknown" for columns in sorted(found - wanted, key=str)]
    return wrong


def _upgrade(connection: Connection) -> None:
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if wrong := index_differences(connection):
        raise StoreError("after migration the indexes differ: " + "; ".join(wrong))


def _state(connection: Connection) -> tuple[str | None, bool]:
    tables = inspect(connection).get_table_names()
    # Read by hand: every command asks, and the library that migrates is slow to load.
    current = (
        connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if "alembic_version" in tables
        else None
    )
    return current, bool(tables)


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
