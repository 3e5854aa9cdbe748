"""What was dotted and what was answered, in memory-mapped files that outlive a process, but no power cut.

A worker keeps one file in the journal's folder, which all workers of a machine share; its lock says that it lives.
A file is a row of pages, and a page holds one claim: for each letter whether its final dot was written, and what
was answered. Each step of a letter is the writing of one byte, so nothing is ever half said. A page is free again
once its answers are in the ledger, so none is overwritten before.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from digest.errors import StoreError
from digest.model.deliveries import Outcome, OutcomeKind

MOST = 1_250
"""Letters in one claim: what a page has places for."""

_MAGIC = b"digest journal 1"
_HEAD = struct.Struct("<16s40s")
_PAGE = struct.Struct("<IIQ")  # letters, shard's number, mailing
_PLACE = struct.Struct("<QHBB52s")  # subscriber, code, step, length of the text, the text
_CODE, _STEP, _TEXT = 8, 10, 11
_OK = 250
_GRAIN = mmap.ALLOCATIONGRANULARITY
_SIZE = -(-(MOST + 1) * _PLACE.size // _GRAIN) * _GRAIN
_UNTOUCHED, _DOTTED = 0, 1
_KINDS = {
    OutcomeKind.ACCEPTED: 2,
    OutcomeKind.DEFERRED: 3,
    OutcomeKind.REJECTED: 4,
    OutcomeKind.UNCERTAIN: 5,
    OutcomeKind.SENDER: 6,
    # About the session: the letter is as if never begun.
    OutcomeKind.RELAY: _UNTOUCHED,
}
_ANSWERS = {step: kind for kind, step in _KINDS.items() if step}
_DOUBT = Outcome(kind=OutcomeKind.UNCERTAIN, text="the worker that was sending it is gone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a page says of a claim; None for a letter whose end was never written."""

    mailing: int
    number: int
    letters: tuple[tuple[int, Outcome | None], ...]


class Page:
    """One claim's letters, by their places in it. Not for two turns at once."""

    def __init__(self, file: int, offset: int) -> None:
        try:
            # Reserved before it is written to: a full disk says so here, and not by a signal.
            os.posix_fallocate(file, offset, _SIZE)
            self._bytes = mmap.mmap(file, _SIZE, offset=offset)
        except OSError as error:
            raise StoreError(f"there is no room for another page: {error.strerror}", about="journal") from error

    def begin(self, mailing: int, number: int, subscribers: Sequence[int]) -> None:
        """Write down who was claimed; before any of their dots."""
        if len(subscribers) > MOST:
            raise ValueError(f"a page has {MOST} places, not {len(subscribers)}")
        self.end()
        for place, subscriber in enumerate(subscribers, 1):
            _PLACE.pack_into(self._bytes, place * _PLACE.size, subscriber, _OK, _UNTOUCHED, 0, b"")
        _PAGE.pack_into(self._bytes, 0, 0, number, mailing)
        self._bytes[:4] = len(subscribers).to_bytes(4, "little")

    def dotted(self, place: int) -> None:
        """The next thing written is the final dot of the letter at `place`."""
        self._bytes[(place + 1) * _PLACE.size + _STEP] = _DOTTED

    def answered(self, place: int, outcome: Outcome) -> None:
        """What became of the letter at `place`."""
        at = (place + 1) * _PLACE.size
        if outcome.code != _OK or outcome.text:
            text = outcome.text.encode()[: _PLACE.size - _TEXT - 1]
            struct.pack_into("<H", self._bytes, at + _CODE, outcome.code)
            self._bytes[at + _TEXT : at + _TEXT + 1 + len(text)] = bytes([len(text)]) + text
        self._bytes[at + _STEP] = _KINDS[outcome.kind]

    def end(self) -> None:
        """All of it is in the ledger."""
        self._bytes[:4] = bytes(4)

    def close(self) -> None:
        self._bytes.close()

    def read(self) -> Claim | None:
        """What it says now; None for a free page."""
        return _claim(self._bytes[:])


class Journal:
    """One worker's: made when first written to, gone when all of it is in the ledger."""

    def __init__(self, folder: Path, owner: str) -> None:
        """`folder` is one ledger's on this machine; `owner` is whose its leases are, no two workers have the same."""
        self.owner = owner
        self.folder = folder
        self._file: int | None = None
        self._free: list[Page] = []
        self._pages: list[Page] = []
        self._left: list[Page] = []

    def open(self, mailing: int, number: int, subscribers: Sequence[int]) -> Page:
        """A page for what was claimed of a shard; StoreError when there is no room for one."""
        if self._file is None:
            self._file = _created(self.folder, self.owner)
        if not self._free:
            self._free.append(Page(self._file, _GRAIN + len(self._pages) * _SIZE))
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
        os.posix_fallocate(file, 0, _GRAIN)
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
    pages = range(_GRAIN, len(whole) - _SIZE + 1, _SIZE) if trusted else ()
    claims = (_claim(whole[at : at + _SIZE]) for at in pages)
    return Orphan(owner, tuple(claim for claim in claims if claim), trusted)


def _claim(page: bytes) -> Claim | None:
    count, number, mailing = _PAGE.unpack_from(page)
    if not 0 < count <= MOST:
        return None
    places = _PLACE.iter_unpack(page[_PLACE.size : (count + 1) * _PLACE.size])
    letters = tuple((who, _outcome(code, step, text[:length])) for who, code, step, length, text in places)
    return Claim(mailing=mailing, number=number, letters=letters)


def _outcome(code: int, step: int, text: bytes) -> Outcome | None:
    if step == _DOTTED:
        return _DOUBT
    kind = _ANSWERS.get(step)
    return Outcome(kind=kind, code=code, text=text.decode("utf-8", "ignore")) if kind else None
