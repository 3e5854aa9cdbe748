"""A look at a few rows of SQLite by their key, for a page: read where it is asked, without a thread.

Going to a thread and back costs several times what it takes to read them. Nothing of the loop's goes on meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.store.immediate import Immediate

_BUSY_MS = 500
_KEPT = 2


def glancer(url: URL) -> Engine:
    """The connections to the file at `url`; more are opened where looks overlap, for nobody may wait for one."""
    made = create_engine(
        url.set(drivername="sqlite"),
        pool_size=_KEPT,
        max_overflow=-1,
        hide_parameters=True,
        connect_args={"timeout": _BUSY_MS / 1000, "check_same_thread": False},
    )

    @event.listens_for(made, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        connection.execute("PRAGMA query_only = ON")

    return made


@contextmanager
def glance(engine: Engine, *, once: bool) -> Iterator[AsyncConnection]:
    """One consistent view; of a transaction it has what verbs that read need.

    One statement is its own view. Whatever else is said to SQLite hands the interpreter's lock to another thread,
    which may keep it for a millisecond.
    """
    with engine.connect() as connection:
        tx = Immediate(connection, cast(sqlite3.Connection, connection.connection.driver_connection))
        if not once:
            tx.change("BEGIN")
        yield cast(AsyncConnection, tx)
