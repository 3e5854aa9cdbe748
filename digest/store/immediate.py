"""A transaction whose statements wait for nothing: of an asynchronous one it has what verbs need."""

from __future__ import annotations

import sqlite3
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")


class Immediate:
    """Does at once what it is told, and is awaited like the others."""

    __slots__ = ("_connection", "_driver")

    def __init__(self, connection: Connection, driver: sqlite3.Connection) -> None:
        """`driver` is what the connection drives."""
        self._connection = connection
        self._driver = driver

    @property
    def dialect(self) -> Dialect:
        return self._connection.dialect

    async def execute(self, statement: Executable, parameters: Any = None) -> Any:
        return self._connection.execute(statement, parameters)

    def say(self, words: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Tell it to the driver as it is; what goes wrong is SQLAlchemy's, as everywhere."""
        try:
            return self._driver.execute(words, parameters)
        except sqlite3.Error as error:
            raise DBAPIError.instance(words, None, error, sqlite3.Error, hide_parameters=True) from error


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """What `work` comes to, without a loop: it awaits nothing but an `Immediate`."""
    try:
        work.send(None)
    except StopIteration as end:
        done: T = end.value
        return done
    work.close()
    raise RuntimeError("it awaits something else than its transaction")
