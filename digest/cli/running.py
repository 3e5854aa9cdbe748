"""From a command to a flow and back: settings loaded, house opened, errors told, exit status set."""

from __future__ import annotations

import signal
import tempfile
import traceback
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from digest.cli.output import complain, lenient, unwritten
from digest.errors import DigestError

if TYPE_CHECKING:
    from digest.service.house import House
    from digest.settings import Settings

T = TypeVar("T")
DigestName = Annotated[str, typer.Argument(metavar="DIGEST", help="The digest's slug.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")]

config_path: ContextVar[Path | None] = ContextVar("config_path", default=None)
"""What --config named."""


def settings() -> Settings:
    """The settings this command runs under: --config, DIGEST_CONFIG, else config/digest.toml."""
    from digest.settings import load

    return load(config_path.get())


def within(flow: Callable[[House], Awaitable[T]], *, sends: bool = False) -> T:
    """Open the house, run the flow, close the house; `sends` says that it may write very many letters."""
    import asyncio

    from digest.engine import loop

    declared = settings()

    async def main() -> T:
        from digest.service.house import opened

        # Asked to end, it ends as by Ctrl-C: what is under way is finished and written down.
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        async with opened(declared) as house:
            return await flow(house)

    try:
        return loop.run(main(), fast=sends)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def operator() -> str:
    """Who is at the keyboard, as the audit names them."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "operator"


def instant(text: str | None, about: str = "--at") -> datetime | None:
    """A moment from ISO 8601, or UsageError about the option; without a zone it is UTC, a bare date its midnight."""
    from digest.service import scheduling

    return None if text is None else scheduling.moment(text, UTC, about=about)


def guarded(app: Callable[[], object]) -> int:
    """Run the command line; a DigestError becomes a sentence and its exit status, never a traceback."""
    lenient()
    status = _status(app)
    if why := unwritten():
        complain(f"digest: not all of it could be printed: {why}")
    return status or int(bool(why))


def _status(app: Callable[[], object]) -> int:
    try:
        app()
    except DigestError as error:
        for line in str(error).split("\n"):
            complain(f"digest: {line}")
        return error.exit_status
    except KeyboardInterrupt:
        complain("digest: stopped")
        return 130
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except Exception as error:
        if isinstance(error, OSError) and (place := error.filename2 or error.filename):
            complain(f"digest: {place}: {error.strerror}")
        else:
            # Our own mistake: said in a line, and kept whole for whoever mends it.
            complain(f"digest: unexpected: {type(error).__name__}: {error} (please report it, with {_kept()})")
        return 1
    return 0


def _kept() -> str:
    """The file that holds the traceback of what just happened."""
    with tempfile.NamedTemporaryFile("w", prefix="digest-", suffix=".trace", delete=False, encoding="utf-8") as file:
        file.write(traceback.format_exc())
    return file.name
