"""`digest stop`: the emergency brake, for every process at once."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.cli.output import say
from digest.cli.running import operator, within


def register(app: typer.Typer) -> None:
    app.command(epilog='Example: digest stop "wrong figures in the lead"   (to go on: digest stop --lift)')(stop)


def stop(
    why: Annotated[str, typer.Argument(metavar="[WHY]", help="Kept, and shown wherever somebody asks.")] = "",
    lift: Annotated[bool, typer.Option("--lift", help="Go on: everything where it was.")] = False,
) -> None:
    """Let no process begin another letter to anybody but the operators, until it is lifted; all stays owed."""
    from digest.service import stopping

    if lift:
        was = within(lambda house: stopping.lift(house, by=operator(), why=why))
        why_then = was.why or "no reason given"
        say(f"Lifted the stop of {was.at:%Y-%m-%d %H:%M} UTC by {was.by}: {why_then}. What is owed goes on.")
        return
    made = within(lambda house: stopping.stop(house, by=operator(), why=why))
    say(f"{made.words[:1].upper()}{made.words[1:]}. Nothing is lost; to go on: digest stop --lift")
