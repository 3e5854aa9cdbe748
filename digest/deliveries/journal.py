"""What was dotted and what was answered, in memory-mapped files that outlive a process, but no power cut.

A worker keeps one file in the journal's folder, which all workers of a machine share; its lock says that it lives.
A file is a row of pages. A page is free again once its answers are in the ledger, so none is overwritten before.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from digest.deliveries.page import GRAIN, SIZE, Claim, Page, claim_of
from digest.errors import StoreError

_MAGIC = b"digest journal 1"
_HEAD = struct.Struct("<16s40s")


class Journal:
    """One worker's: made before it claims, gone when all of it is in the ledger."""

    def __init__(self, folder: Path, owner: str) -> None:
        """`folder` is one ledger's on this machine; `owner` is whose its leases are, no two workers have the same."""
        self.owner = owner
        self.folder = folder
        self._file: int | None = None
        self._free: list[Page] = []
        self._pages: list[Page] = []
        self._left: list[Page] = []

    def begin(self) -> None:
        """Make the file, if there is none: whoever claims without one leaves doubts if it dies."""
        if self._file is None:
            self._file = _created(self.folder, self.owner)

    def open(self, mailing: int, number: int, subscribers: Sequence[int]) -> Page:
        """A page for what was claimed of a shard; StoreError when there is no room for one."""
        self.begin()
        assert self._file is not None  # noqa: S101 - just made
        if not self._free:
            self._free.append(Page(self._file, GRAIN + len(self._pages) * SIZE))
            self._pages.append(self._free[-1])
        page = self._free.pop()
        page.begin(mailing, number, subscribers)
        return page

    def settled(self, page: Page) -> None:
        """All that a page says is in the ledger: it is free again."""
        page.end()
        self._free.append(page)

    def leave(self, page: Page) -> None:
        """The ledger would not take what a page says: keep it until it does."""
        self._left.append(page)

    def take_left(self) -> Sequence[Page]:
        """The pages that the ledger still has to hear of, for one who will tell it or leave them again."""
        left, self._left = self._left, []
        return left

    def close(self) -> None:
        """Take the file away if all of it is in the ledger."""
        if self._file is None or len(self._free) < len(self._pages):
            return
        (self.folder / self.owner).unlink(missing_ok=True)
        for page in self._pages:
            page.close()
        os.close(self._file)
        self._file, self._free, self._pages = None, [], []


@dataclass(frozen=True, slots=True)
class Orphan:
    """The journal of a worker that is gone, ours alone while we look at it."""

    owner: str
    claims: tuple[Claim, ...]
    trusted: bool
    """Whether the machine has been up since: only then is it all there."""


@contextmanager
def orphaned(path: Path) -> Iterator[Orphan | None]:
    """The journal at `path` if its worker is gone and nobody else looks at it.

    It is taken away when the block ends, unless that raises.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        if not _locked(file) or not _is_still(file, path):
            yield None
            return
        yield _read(path.name, path.read_bytes())
        path.unlink(missing_ok=True)
    finally:
        os.close(file)


def others(folder: Path, owner: str) -> tuple[Path, ...]:
    """The journals in `folder` but for `owner`'s, whether their workers live or not."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as found:
        return tuple(Path(each.path) for each in found if each.name != owner)
    return ()


@cache
def boot() -> str:
    """What names this machine since it was started; "" where nothing does."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return ""


def _created(folder: Path, owner: str) -> int:
    """A new file, locked; StoreError where another worker has it."""
    path = folder / owner
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise StoreError("is another worker's journal", about=str(path)) from error
    except OSError as error:
        raise StoreError(f"cannot be made: {error.strerror}", about=str(path)) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.posix_fallocate(file, 0, GRAIN)
        os.pwrite(file, _HEAD.pack(_MAGIC, boot().encode()), 0)
    except OSError as error:
        path.unlink(missing_ok=True)
        os.close(file)
        raise StoreError(f"cannot be written: {error.strerror}", about=str(path)) from error
    # Somebody may have taken it for an orphan before we locked it.
    return file if _is_still(file, path) else _created(folder, owner)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still(file: int, path: Path) -> bool:
    """Whether `path` names the file we locked: somebody may have taken it away before we did."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file), path.stat())
    return False


def _read(owner: str, whole: bytes) -> Orphan:
    magic, booted = _HEAD.unpack_from(whole) if len(whole) >= _HEAD.size else (b"", b"")
    trusted = magic == _MAGIC and boot() != "" and booted.rstrip(b"\0") == boot().encode()
    pages = range(GRAIN, len(whole) - SIZE + 1, SIZE) if trusted else ()
    claims = (claim_of(whole[at : at + SIZE]) for at in pages)
    return Orphan(owner, tuple(claim for claim in claims if claim), trusted)
