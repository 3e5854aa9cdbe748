"""A ledger for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def url(empty: Path, tmp_path: Path) -> str:
    path = tmp_path / "digest.db"
    shutil.copy(empty, path)
    return f"sqlite:///{path}"
