"""A store with nobody in it, and keys."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.settings.keys import Keyring
from digest.store.database import Store, connect


@pytest.fixture
def store(tmp_path: Path, empty: Path) -> Iterator[Store]:
    shutil.copy(empty, tmp_path / "people.db")
    opened = connect(f"sqlite:///{tmp_path}/people.db")
    yield opened
    asyncio.run(opened.close())


@pytest.fixture
def keys() -> Keyring:
    return Keyring.parse("k2:the second key is the newest,k1:the first key is still good")
