"""The witness: a small file outside the store that knows how far it had come.

A store that is older than its witness, or has none, was restored or copied: what it believes to be owed may have
been sent long ago. It is put in quarantine, and sends nothing until somebody claims it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from digest.errors import DeliveryError, StoreError
from digest.settings import Settings
from digest.store import instance
from digest.store.database import Store
from digest.store.instance import Identity


async def look(store: Store, settings: Settings) -> None:
    """Hold the store against its witness, and put it in quarantine where they do not agree; a new one gets both."""
    async with store.read() as tx:
        known, held = await instance.identity(tx), await instance.quarantine(tx)
    if held:
        return
    file = _file(settings)
    if known is None:
        async with store.write() as tx:
            # Before it commits: nobody else may find the store with its id, and yet without its witness.
            _attest(file, await instance.begin(tx))
    elif _doubt(known, _read(file), file):
        # Another process may have counted on between our two looks. It raises the store's counter first: so the
        # witness is read first now, and whatever it says then, the store must have come as far.
        seen = _read(file)
        async with store.write() as tx:
            known = await instance.identity(tx)
            if known and (why := _doubt(known, seen, file)):
                await instance.hold(tx, why)


async def attest(store: Store, settings: Settings) -> None:
    """Raise the store's counter, and then its witness's: a crash in between leaves the store ahead, which is well."""
    async with store.write() as tx:
        known = await instance.count_on(tx)
        held = await instance.quarantine(tx)
    if known and not held:
        _attest(_file(settings), known)


async def quarantine(store: Store) -> str:
    """Why this store sends nothing; "" when it may."""
    async with store.read() as tx:
        return await instance.quarantine(tx)


async def refuse(store: Store) -> None:
    """DeliveryError for a store in quarantine."""
    if why := await quarantine(store):
        raise DeliveryError(
            f"sends nothing: {why}. When no other copy of it is running, `digest db claim`", about="quarantine"
        )


def claimed(settings: Settings, known: Identity) -> None:
    """Write the witness of a store that was claimed, whatever stood there."""
    with _locked(_file(settings)) as file:
        _write(file, known)


def _doubt(known: Identity, seen: Identity | None, file: Path) -> str:
    if seen is None:
        return f"it has no witness in {file.parent}, so it may be a copy"
    if seen.id != known.id:
        return f"the witness in {file.parent} is another store's, so it may be a copy"
    return "it is older than its witness, so it was restored" if known.count < seen.count else ""


def _file(settings: Settings) -> Path:
    return settings.shared_folder / "witness"


def _attest(file: Path, known: Identity) -> None:
    with _locked(file) as own:
        seen = _read(own)
        if seen is None or seen.id != known.id or seen.count < known.count:
            _write(own, known)


def _read(file: Path) -> Identity | None:
    try:
        found = json.loads(file.read_text("utf-8"))
        return Identity(str(found["id"]), int(found["count"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    except OSError as error:
        raise StoreError(f"cannot be read: {error.strerror}", about=str(file)) from error


def _write(file: Path, known: Identity) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(json.dumps({"id": known.id, "count": known.count}) + "\n", "utf-8")
    draft.replace(file)


@contextmanager
def _locked(file: Path) -> Iterator[Path]:
    """One process writes it at a time."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(file.with_name(f".{file.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(lock)
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror}", about=str(file)) from error
