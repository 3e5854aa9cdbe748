"""`digest editions cancel|pause|resume|correct`: an edition under way in a person's hands."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.cli.asking import asking, tell, waiting
from digest.cli.output import say
from digest.cli.progress import bar
from digest.cli.running import DigestName, operator, within

Label = Annotated[str, typer.Argument(metavar="LABEL", help="The edition's label.")]
Why = Annotated[str, typer.Option("--why", help="Kept with it.")]


def register(app: typer.Typer) -> None:
    app.command(epilog='Example: digest editions cancel newsflash 2026-06-26 --why "wrong figures"')(cancel)
    app.command(epilog='Example: digest editions pause newsflash 2026-06-26 --why "asking the board"')(pause)
    app.command(epilog="Example: digest editions resume newsflash 2026-06-26")(resume)
    app.command(
        epilog='Example: digest editions correct newsflash 2026-06-26 --why "wrong price" --note "It is £12, not £21."'
        "   (first change it: at its source, or by digest editions edit)"
    )(correct)


def cancel(digest: DigestName, label: Label, why: Why) -> None:
    """Call an edition off; before its first mail, all it carried is owed again."""
    _act("cancel", digest, label, why)


def pause(digest: DigestName, label: Label, why: Why) -> None:
    """Stop sending an edition; what is owed stays owed."""
    _act("pause", digest, label, why)


def resume(digest: DigestName, label: Label) -> None:
    """Go on sending a paused edition."""
    _act("resume", digest, label, "")


def correct(
    digest: DigestName,
    label: Label,
    why: Annotated[str, typer.Option("--why", help="Kept with it, for operators.")],
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What to tell those who have it already.")] = "",
    grace: Annotated[str | None, typer.Option("--grace", help='Wait before the first mail: "10 min", 0.')] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Pause it, seal what it should say, send that to whoever has none yet, and to exactly the others the note."""
    from digest.service import correcting

    with bar("Sending") as progress:
        request = correcting.Request(
            digest=digest,
            label=label,
            why=why,
            note=note,
            grace=waiting(grace),
            by=operator(),
            ask=asking(yes),
            progress=progress,
        )
        report = within(lambda house: correcting.run(house, request), sends=True)
    tell(report)


def _act(what: str, digest: str, label: str, why: str) -> None:
    from digest.service import steering

    edition = within(lambda house: steering.act(house, what, digest, label, why, by=operator()))
    say(f"{digest} {edition.label} is {edition.status}.")
