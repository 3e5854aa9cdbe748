"""`digest init`: a first configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from digest.cli.output import say
from digest.errors import UsageError


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: digest init --defaults")(init)


def init(
    path: Annotated[Path, typer.Option("--path", help="Where to write it.")] = Path("config/digest.toml"),
    defaults: Annotated[bool, typer.Option("--defaults", help="Ask nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Ask a few things and write a configuration that passes the check."""
    from digest.service import beginning

    if path.exists() and not force:
        raise UsageError("is there already; --force overwrites it", about=str(path))
    answers = {
        question.key: question.default if defaults else typer.prompt(question.words, default=question.default)
        for question in beginning.QUESTIONS
    }
    beginning.write(path, answers)
    say(f"Written: {path}")
    say("Next: `digest config check`, `digest collect`, `digest editions preview newsflash`, `digest serve`.")
