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

    def rows(self, words: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """What the driver itself finds; what goes wrong is SQLAlchemy's, as everywhere."""
        try:
            return self._driver.execute(words, parameters).fetchall()
        except sqlite3.Error as error:
            raise _wrong(words, error) from error

    def change(self, words: str, parameters: Sequence[Any] = ()) -> int:
        """How many rows the driver itself changes."""
        try:
            return self._driver.execute(words, parameters).rowcount
        except sqlite3.Error as error:
            raise _wrong(words, error) from error


def _wrong(words: str, error: sqlite3.Error) -> BaseException:
    return DBAPIError.instance(words, None, error, sqlite3.Error, hide_parameters=True)


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """What `work` comes to, without a loop: it awaits nothing but an `Immediate`."""
    try:
        work.send(None)
    except StopIteration as end:
        done: T = end.value
        return done
    work.close()
    raise RuntimeError("it awaits something else than its transaction")
