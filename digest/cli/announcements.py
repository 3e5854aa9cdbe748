"""`digest announcements`: what was announced."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.cli.output import emit, say, table
from digest.cli.running import Json, Limit, within

app = typer.Typer(name="announcements", no_args_is_help=True, help="See announcements.", rich_markup_mode=None)


@app.command("list", epilog="Example: digest announcements list --limit 20")
def listing(as_json: Json = False, limit: Limit = None) -> None:
    """Announcements, the newest first."""
    from digest.service import announcing

    rows = within(lambda house: announcing.listed(house, limit))
    if as_json:
        emit([row.json() for row in rows])
        return
    table(
        ("Published", "Language", "Sources", "Title", "Id"),
        ((r.published_on, r.languages, r.sources, r.title, r.slug) for r in rows),
        empty="No announcement yet: `digest collect` reads the sources.",
    )


@app.command(epilog="Example: digest announcements show tag:example.org,2026:announcement/4f0c…")
def show(
    announcement: Annotated[str, typer.Argument(help="Its public id, or the last part of it.")], as_json: Json = False
) -> None:
    """One announcement: its versions, its sources, and what became of it for each digest."""
    from digest.service import announcing

    found = within(lambda house: announcing.show(house, announcement))
    if as_json:
        emit(found.json())
        return
    say(found.row.title)
    table(("", ""), found.facts())
    table(("Digest", "What became of it"), found.fates, empty="No digest is configured.")


@app.command(epilog='Example: digest announcements retract 4f0c… --why "published by mistake"')
def retract(
    announcement: Annotated[str, typer.Argument(help="Its public id, or the last part of it.")],
    why: Annotated[str, typer.Option("--why", help="For the audit.")],
) -> None:
    """Take an announcement out of feeds and pages, and out of editions yet to come."""
    from digest.service import announcing

    title, held = within(lambda house: announcing.retract(house, announcement, why))
    say(f"Retracted: {title}")
    for name in held:
        say(f"Mind: letters of {name} hold it still; `digest editions correct {name}` takes it out of those to come.")


@app.command(epilog="Example: digest announcements link 4f0c… 9a1b…")
def link(
    announcement: Annotated[str, typer.Argument(help="The one that stays: its public id, or the last part of it.")],
    other: Annotated[str, typer.Argument(help="The one that joins it.")],
    why: Annotated[str, typer.Option("--why", help="For the audit.")] = "",
) -> None:
    """Say that two announcements are one, as a translation and its original: versions of each other from now on."""
    from digest.service import announcing

    title = within(lambda house: announcing.link(house, announcement, other, why))
    say(f"One announcement now: {title}")
