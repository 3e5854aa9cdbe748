"""Files by their public paths, each replaced in one step; what is no more is taken away, and nothing else."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile

from digest.errors import UsageError

LAID = ".laid"
"""Names what was laid out in a folder, so that what is no more can be taken away, and nothing else."""


def lay(out: Path, public: str, body: bytes, packed: bytes | None = None, changed_at: datetime | None = None) -> Path:
    """The file of a public path, and beside it the same packed; raises UsageError where it cannot be written."""
    file = out / public.lstrip("/")
    with _told(file):
        _replace(_packed(file), packed or gzip.compress(body, mtime=0), changed_at)
        _replace(file, body, changed_at)
    return file


def _packed(file: Path) -> Path:
    return file.with_name(f"{file.name}.gz")


def _replace(file: Path, body: bytes, changed_at: datetime | None) -> None:
    if file.is_file() and file.stat().st_size == len(body) and file.read_bytes() == body:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, prefix=".", delete=False) as writing:
        try:
            writing.write(body)
            writing.close()
            if changed_at is not None:
                os.utime(writing.name, (changed_at.timestamp(), changed_at.timestamp()))
            Path(writing.name).chmod(0o644)
            Path(writing.name).replace(file)
        except OSError:
            Path(writing.name).unlink(missing_ok=True)
            raise


def clear(out: Path, folder: str, names: set[str]) -> None:
    """Take away what an earlier run laid out in `folder` and is no more; LAID there remembers."""
    laid = out / folder / LAID
    with _told(laid):
        _clear(out, folder, names, laid)


def _clear(out: Path, folder: str, names: set[str], laid: Path) -> None:
    before = set(laid.read_text().splitlines()) if laid.is_file() else set()
    for name in sorted(before - names):
        file = out / name
        # Whoever may write the list must not thereby delete what is elsewhere.
        if name.startswith(f"{folder}/") and ".." not in PurePosixPath(name).parts:
            file.unlink(missing_ok=True)
            _packed(file).unlink(missing_ok=True)
            if file.parent not in (out, out / folder) and not any(file.parent.iterdir()):
                file.parent.rmdir()
    if names or before:
        _replace(laid, "".join(f"{name}\n" for name in sorted(names)).encode(), None)


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror or error}", about=str(file)) from error
