"""Where this room's tests keep their ledger."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from digest.store.database import connect
from digest.store.schema import metadata


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and no row; made once, copied for each test."""
    path = tmp_path_factory.mktemp("ledger") / "digest.db"

    async def make() -> None:
        store = connect(f"sqlite:///{path}")
        async with store.write() as tx:
            await tx.run_sync(metadata.create_all)
        await store.close()

    asyncio.run(make())
    return path


@pytest.fixture
def url(empty_ledger: Path, tmp_path: Path) -> str:
    path = tmp_path / "digest.db"
    shutil.copy(empty_ledger, path)
    return f"sqlite:///{path}"
