"""The command line: one file a command group. A command parses, calls a service, and prints its report.

Services are imported where a command calls them, so that `digest --help` stays fast.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from digest import __version__
from digest.cli import (
    announcements,
    bounce,
    collect,
    config,
    db,
    deliveries,
    demo,
    doctor,
    drafts,
    editions,
    feeds,
    init,
    running,
    schedule,
    serve,
    sources,
    steer,
    stop,
    subscribers,
    suppressions,
    templates,
)

app = typer.Typer(
    name="digest",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    epilog="Try it: `digest demo`. Begin: `digest init`, then `digest config check`, `digest collect`, `digest serve`.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"digest {__version__}")
        raise typer.Exit


@app.callback()
def root(
    config_file: Annotated[
        Path | None,
        typer.Option("--config", metavar="PATH", help="The settings; else DIGEST_CONFIG, else config/digest.toml."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Announcements in; feeds out at once, and a sealed email digest on schedule."""
    running.config_path.set(config_file)


for module in (init, demo, serve, stop, collect, bounce, doctor):
    module.register(app)
drafts.register(editions.app)
steer.register(editions.app)
for module in (
    sources,
    announcements,
    feeds,
    editions,
    schedule,
    subscribers,
    suppressions,
    bounce,
    deliveries,
    templates,
    config,
    db,
):
    app.add_typer(module.app)


@cache
def command_line() -> Callable[[], object]:
    """The whole of it, ready to run: reading sixty signatures takes as long as a small command."""
    command = typer.main.get_command(app)
    _tell_whole(command)
    return command


def _tell_whole(command: object) -> None:
    """Let a list of commands say each one's whole first sentence, where it would be cut off with dots."""
    for each in getattr(command, "commands", {}).values():
        each.short_help = " ".join((each.help or "").partition("\n\n")[0].split())
        _tell_whole(each)
