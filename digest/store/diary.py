"""What no backup may forget: who left, whom we must not write to, and what was sealed; a line each, only appended.

It stands beside the witness, outside the store: a store that is restored was not there when these things happened.
No address stands in it, but handles and keyed hashes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from digest.errors import StoreError
from digest.store.database import DIARY, Tx

LEFT, SUPPRESSED, LIFTED, SEALED, RELEASED = "left", "suppressed", "lifted", "sealed", "released"

Line = Mapping[str, Any]


def write(tx: Tx, what: str, at: datetime | None = None, **facts: object) -> None:
    """Note it before the transaction commits: a line too many does less harm than one too few."""
    path = _path(tx)
    if path is None:
        return
    line = json.dumps({"what": what, "at": at and at.isoformat(), **facts}, separators=(",", ":")) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # One write of a short line: processes that append at once do not mix theirs.
            os.write(file, line.encode())
        finally:
            os.close(file)
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror}", about=str(path)) from error


def kept(tx: Tx) -> bool:
    """Whether this store keeps one."""
    return _path(tx) is not None


def read(path: Path) -> Iterator[Line]:
    """Every line, the oldest first; one that a crash cut short is passed over."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict) and "what" in found:
                yield found


def _path(tx: Tx) -> Path | None:
    path: Path | None = tx.sync_connection.get_execution_options().get(DIARY) if tx.sync_connection else None
    return path
