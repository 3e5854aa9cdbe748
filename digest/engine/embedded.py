"""The bell within one process: asyncio tasks, nothing kept; what is lost the next tick finds in the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from sqlalchemy import event

from digest.engine.bell import Handlers
from digest.engine.log import get_logger
from digest.store.database import Store, Tx

Ring = tuple[str, str]

_RUNG = "digest.rung"
_COMMITTED = "digest.committed"
_log = get_logger()


class Embedded:
    """Hears rings while its block lasts; leaving waits for what runs, and drops what has not begun."""

    def __init__(self, store: Store, handlers: Handlers, *, at_once: int = 4, patience: float = 10.0) -> None:
        self._store = store
        self._handlers = handlers
        self._patience = patience
        self._free = asyncio.Semaphore(at_once)
        self._waiting: dict[Ring, asyncio.Task[None]] = {}
        self._running: dict[Ring, asyncio.Task[None]] = {}
        self._again: set[Ring] = set()
        self._open = False

    async def ring(self, tx: Tx, job: str, key: str) -> None:
        """Ask for `job` to be done for `key` once `tx` has committed; KeyError for a job nobody handles."""
        self._handlers[job]
        pending: dict[Ring, None] = (await tx.run_sync(_info)).setdefault(_RUNG, {})
        pending[job, key] = None

    async def drain(self) -> None:
        """Wait until nothing is running or about to."""
        while tasks := [*self._waiting.values(), *self._running.values()]:
            await asyncio.wait(tasks)

    async def __aenter__(self) -> Self:
        self._open = True
        for name, listener in self._listeners():
            event.listen(self._store.writer.sync_engine, name, listener)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        self._again.clear()
        for name, listener in self._listeners():
            event.remove(self._store.writer.sync_engine, name, listener)
        await _ended(self._waiting.values(), patience=0)
        await _ended(self._running.values(), patience=self._patience)

    def _listeners(self) -> tuple[tuple[str, Any], ...]:
        return ("commit", _committing), ("rollback", _rolled_back), ("checkin", self._returned)

    def _returned(self, _connection: object, record: Any) -> None:
        # SQLAlchemy tells of a commit before it is made: only a connection given back has surely committed.
        rung = record.info.pop(_RUNG, {})
        if record.info.pop(_COMMITTED, False):
            for each in rung:
                self._hear(each)

    def _hear(self, ring: Ring) -> None:
        if not self._open or ring in self._waiting:
            return
        if ring in self._running:
            self._again.add(ring)
            return
        self._waiting[ring] = asyncio.get_running_loop().create_task(self._do(ring))

    async def _do(self, ring: Ring) -> None:
        job, key = ring
        task = self._waiting[ring]
        try:
            async with self._free:
                self._running[ring] = self._waiting.pop(ring)
                await self._handlers[job](key)
        except Exception:
            _log.exception("job failed", job=job, key=key)
        finally:
            if self._waiting.get(ring) is task:
                del self._waiting[ring]
            self._running.pop(ring, None)
            if ring in self._again:
                self._again.discard(ring)
                self._hear(ring)


def _info(connection: Any) -> dict[str, Any]:
    info: dict[str, Any] = connection.info
    return info


def _committing(connection: Any) -> None:
    connection.info[_COMMITTED] = True


def _rolled_back(connection: Any) -> None:
    # One that was thrown away in the middle, because its task was cancelled, has nothing of that left.
    if connection.invalidated:
        return
    connection.info.pop(_COMMITTED, None)
    connection.info.pop(_RUNG, None)


async def _ended(tasks: Iterable[asyncio.Task[None]], *, patience: float) -> None:
    """Wait so many seconds, then cancel what still runs and wait for that."""
    alive = list(tasks)
    if not alive:
        return
    if patience:
        await asyncio.wait(alive, timeout=patience)
    for task in alive:
        task.cancel()
    await asyncio.wait(alive)
