"""The bell among many processes: Procrastinate, on the PostgreSQL that holds the ledger.

A ring is a row that Procrastinate writes on our connection, inside our transaction: it stands when that commits,
and never was when it does not. Each job's name is a queue, and a process does one job of a name at a time: a lane.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import procrastinate
from procrastinate import exceptions
from procrastinate.jobs import Job, Status
from procrastinate.schema import SchemaManager
from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from digest.engine.bell import Handler, Handlers
from digest.engine.log import get_logger
from digest.errors import StoreError
from digest.store import migrate
from digest.store.database import Store, Tx, upsert
from digest.store.schema import instance

HEARTBEAT = 2.0
"""Seconds between a worker's signs of life."""
STALLED = 7.0
"""Seconds without one, after which its job is somebody else's."""
_SWEEP = 2.0
_POLL = 1.0
_FORGET_AFTER_HOURS = 24
_WAITING = text("SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = :lock AND status = 'todo'")
_BUSY = text("SELECT 1 FROM procrastinate_jobs WHERE status IN ('todo', 'doing') LIMIT 1")
_SCHEMA = "engine"
_log = get_logger()


async def upgrade(store: Store) -> None:
    """Bring the queue's own tables to what this version's Procrastinate wants; safe in many processes at once."""
    async with store.write() as tx:
        await migrate.one_at_a_time(tx)
        current = await _installed(tx)
        if current is None:
            await _execute(tx, SchemaManager.get_schema())
        for path in _migrations():
            if current is not None and path.stem > current:
                await _execute(tx, path.read_text("utf-8"))
        await tx.execute(upsert(tx, instance, {"name": _SCHEMA, "value": _newest()}, key=("name",)))


async def ready(store: Store) -> None:
    """Refuse a store whose queue is not there, or of another version."""
    async with store.read() as tx:
        current = await _installed(tx)
    if current != _newest():
        raise StoreError("its job queue is not this version's: run `digest db upgrade`", about=store.name)


class Ringer:
    """Rings for other processes to hear; needs no connection of its own."""

    def __init__(self, store: Store, jobs: Collection[str]) -> None:
        """`jobs` are the names that somebody, somewhere, handles."""
        logging.getLogger("procrastinate").setLevel(logging.WARNING)
        self._store = store
        self._jobs = frozenset(jobs)
        self._app = procrastinate.App(connector=_connector(store, len(self._jobs) + 2))

    async def ring(self, tx: Tx, job: str, key: str) -> None:
        """Ask for `job` to be done for `key` once `tx` has committed; KeyError for a job nobody handles."""
        if job not in self._jobs:
            raise KeyError(job)
        name = f"{job}:{key}"
        # Rung before and not yet heard: that is the rule, and no mistake for the database to log.
        if (await tx.execute(_WAITING, {"lock": name})).first():
            return
        connection = (await tx.get_raw_connection()).driver_connection
        options = {"queue": job, "lock": name, "queueing_lock": name, "connection": connection}
        ring = self._app.configure_task(job, allow_unknown=True, **options)
        with suppress(exceptions.AlreadyEnqueued):
            # Somebody was faster by a hair: a savepoint, so that our transaction survives being told so.
            async with tx.begin_nested():
                await ring.defer_async(key=key)


class Distributed(Ringer):
    """Hears rings while its block lasts; leaving waits `patience` seconds for what runs.

    What has not begun is left to the others. A worker that dies is missed after STALLED seconds, and what it was
    doing is heard again elsewhere. Finished jobs are deleted at once.
    """

    def __init__(self, store: Store, handlers: Handlers, *, patience: float = 10.0) -> None:
        super().__init__(store, handlers)
        self._patience = patience
        for job, handler in handlers.items():
            self._app.task(name=job, queue=job)(_logged(job, handler))

    async def drain(self) -> None:
        """Wait until nothing is running or about to, here or elsewhere."""
        while True:
            async with self._store.read() as tx:
                if not (await tx.execute(_BUSY)).first():
                    return
            await asyncio.sleep(0.02)

    async def __aenter__(self) -> Self:
        self._open = AsyncExitStack()
        try:
            await self._open.enter_async_context(self._app.open_async())
        except exceptions.ConnectorException as error:
            raise StoreError("cannot be reached by its job queue", about=self._store.name) from error
        jobs = [asyncio.create_task(_kept_up(partial(self._hear, job))) for job in sorted(self._jobs)]
        self._tasks = [*jobs, asyncio.create_task(_kept_up(self._sweep))]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await self._open.aclose()

    async def _hear(self, job: str) -> None:
        await self._app.run_worker_async(
            queues=[job],
            name=job,
            concurrency=1,
            fetch_job_polling_interval=_POLL,
            delete_jobs="always",
            install_signal_handlers=False,
            shutdown_graceful_timeout=self._patience,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=STALLED,
        )

    async def _sweep(self) -> None:
        """Give to the living what the dead were doing. By hand: a job that did this could itself stall."""
        manager = self._app.job_manager
        await manager.delete_old_jobs(
            _FORGET_AFTER_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
        )
        while True:
            for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
                await self._again(job)
            await manager.prune_stalled_workers(STALLED)
            await asyncio.sleep(_SWEEP)

    async def _again(self, job: Job) -> None:
        manager = self._app.job_manager
        try:
            await manager.retry_job(job)
        except exceptions.UniqueViolation:
            # Rung again since: one of the two is enough.
            with suppress(exceptions.ConnectorException):
                await manager.finish_job(job, Status.FAILED, delete_job=True)
        except exceptions.ConnectorException:
            # Another process swept it first.
            return


async def _installed(tx: Tx) -> str | None:
    found: str | None = (
        await tx.execute(select(instance.c.value).where(instance.c.name == _SCHEMA))
    ).scalar_one_or_none()
    return found


async def _execute(tx: Tx, script: str) -> None:
    connection = (await tx.get_raw_connection()).driver_connection
    assert connection is not None  # noqa: S101 - of an open transaction there is one
    await connection.execute(script)


def _migrations() -> list[Path]:
    return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))


def _newest() -> str:
    return _migrations()[-1].stem


def _connector(store: Store, most: int) -> procrastinate.PsycopgConnector:
    url = make_url(store.url).set(drivername="postgresql")
    return procrastinate.PsycopgConnector(
        conninfo=url.render_as_string(hide_password=False), min_size=1, max_size=most, timeout=10.0
    )


def _logged(job: str, handler: Handler) -> Callable[[str], Awaitable[None]]:
    async def heard(key: str) -> None:
        try:
            await handler(key)
        except Exception:
            # The ledger still owes it, and a later ring comes back to it; trying at once would only be noise.
            _log.exception("job failed", job=job, key=key)

    return heard


async def _kept_up(work: Callable[[], Awaitable[Any]]) -> None:
    """Do it for ever: a database that went away is waited for."""
    while True:
        try:
            await work()
        except Exception as error:
            _log.warning("job queue lost", error=type(error).__name__)
        await asyncio.sleep(1.0)
