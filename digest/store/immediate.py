"""A transaction whose statements wait for nothing: of an asynchronous one it has what verbs need."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Executable

T = TypeVar("T")


class Immediate:
    """Does at once what it is told, and is awaited like the others."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        return self._connection.dialect

    async def execute(self, statement: Executable, parameters: Any = None) -> Any:
        return self._connection.execute(statement, parameters)


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """What `work` comes to, without a loop: it awaits nothing but an `Immediate`."""
    try:
        work.send(None)
    except StopIteration as end:
        done: T = end.value
        return done
    work.close()
    raise RuntimeError("it awaits something else than its transaction")
