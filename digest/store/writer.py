"""SQLite's one connection that writes: whose turn it is, and a step on its thread without SQLAlchemy's pool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Engine, event
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds that one waits for its turn."""


class Writer(AsyncEngine):
    """An engine of one connection, whose transactions come one after the other, in the order they were asked for.

    To take the connection out of the pool and put it back costs, between two claims, as much as what is done with it.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._turn = asyncio.Lock()
        self._driver: Any = None
        """The connection as the driver knows it, while there is one."""
        event.listen(engine, "connect", self._opened)
        event.listen(engine, "close", self._closed)
        event.listen(engine, "close_detached", self._closed)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction of SQLAlchemy's, when it is its turn."""
        await self._have_turn()
        try:
            async with AsyncEngine.begin(self) as tx:
                yield tx
        finally:
            self._turn.release()

    async def carry_out(
        self, work: Callable[[Any], Coroutine[Any, Any, T]], soon: Callable[[T], object] | None = None
    ) -> T:
        """A transaction in one step on the connection's thread, when it is its turn; see `Store.carry_out`."""
        call: Callable[..., object] = asyncio.get_running_loop().call_soon_threadsafe
        told = partial(call, soon) if soon else None
        await self._have_turn()
        try:
            if self._driver is None:
                async with self.connect():
                    pass
            done: T = await self._driver.carry_out(work, told)
            return done
        finally:
            self._turn.release()

    async def _have_turn(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._turn.acquire()
        except TimeoutError:
            raise PoolTimeout(f"another transaction has kept the writer for {PATIENCE:.0f} seconds") from None

    def _opened(self, connection: Any, _record: Any) -> None:
        self._driver = connection.driver_connection

    def _closed(self, *_: Any) -> None:
        self._driver = None
