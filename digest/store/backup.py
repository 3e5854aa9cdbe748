"""A backup is a store in one SQLite file, whichever database it was taken from, while that is in use."""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from digest.errors import StoreError
from digest.store import instance, migrate
from digest.store.copying import copy
from digest.store.database import Store, connect, sqlite_path


async def take(store: Store, file: Path) -> None:
    """Write the backup; StoreError when the file is there already. It appears whole or not at all."""
    draft = _draft(file, there=False)
    try:
        if store.is_sqlite:
            await asyncio.to_thread(_copied, sqlite_path(store.url), draft)
        else:
            async with _opened(draft) as target:
                await migrate.upgrade(target)
                await copy(store, target)
        await asyncio.to_thread(_checked, draft)
        draft.replace(file)
    finally:
        _gone(draft)


async def restore(store: Store, file: Path, *, replace: bool, why: str) -> None:
    """Put what the backup holds into the store, in quarantine; an older schema is brought up to date.

    StoreError when the store holds anything and is not to be replaced.
    """
    draft = _draft(file, there=True)
    try:
        await asyncio.to_thread(_copied, file, draft)
        await asyncio.to_thread(_checked, draft)
        async with _opened(draft) as source:
            await migrate.upgrade(source)
            async with source.write() as tx:
                await instance.hold(tx, why)
        async with _opened(draft) as source:
            await migrate.upgrade(store)
            await copy(source, store, replace=replace)
    finally:
        _gone(draft)


@asynccontextmanager
async def _opened(file: Path) -> AsyncIterator[Store]:
    store = connect(f"sqlite:///{file}")
    try:
        yield store
    finally:
        await store.close()


def _draft(file: Path, *, there: bool) -> Path:
    if "?" in str(file):
        raise StoreError("a question mark in its path would end the address of the database", about=str(file))
    if there and not file.is_file():
        raise StoreError("there is no such backup", about=str(file))
    if file.exists() and not there:
        raise StoreError("is there already", about=str(file))
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return draft


def _copied(source: Path, target: Path) -> None:
    """SQLite's own online backup, in one step: one view of the source, which may be written to meanwhile."""
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise StoreError(f"could not be copied: {error}", about=str(source)) from error


def _checked(file: Path) -> None:
    try:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
            found = connection.execute("PRAGMA integrity_check").fetchone()[0]
            ours = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'deliveries'").fetchone()[0]
    except sqlite3.Error as error:
        raise StoreError(f"is no backup: {error}", about=str(file)) from error
    if found != "ok" or not ours:
        raise StoreError("is no backup of ours, or is damaged", about=str(file))


def _gone(draft: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)
