"""`digest demo`: the whole way, on sample input, on this machine alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: digest demo --serve")(demo)


def demo(
    folder: Annotated[Path, typer.Option("--folder", help="Its own folder; made anew each time.")] = Path("var/demo"),
    serve: Annotated[bool, typer.Option("--serve", help="Leave it running and print the addresses.")] = False,
) -> None:
    """Collect from a small site, build feeds, replay a year of editions, deliver the last, and report."""
    from digest.demo import run

    run(folder, serve=serve)
