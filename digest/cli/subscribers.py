"""`digest subscribers`: who asked for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from digest.cli.running import Json, Limit, within

app = typer.Typer(name="subscribers", no_args_is_help=True, help="Add, import and list people.", rich_markup_mode=None)

To = Annotated[str, typer.Option("--digest", help="The digest's slug.")]
Confirmed = Annotated[bool, typer.Option("--confirmed", help="They have agreed already; else they stay pending.")]


@app.command(
    epilog="Example: digest subscribers add ana@example.org --digest newsflash --name Ana --language es --confirmed"
)
def add(
    email: Annotated[str, typer.Argument()],
    digest: To,
    name: Annotated[str, typer.Option("--name")] = "",
    language: Annotated[str, typer.Option("--language")] = "",
    confirmed: Confirmed = False,
) -> None:
    """Add one person to a digest."""
    from digest.cli.output import say
    from digest.service import people

    say(within(lambda house: people.add(house, email, digest, name=name, language=language, confirmed=confirmed)))


@app.command("import", epilog="Example: digest subscribers import members.csv --digest newsflash --confirmed")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")], digest: To, confirmed: Confirmed = False
) -> None:
    """Import people from a CSV file (email[,name,language]); bad lines are listed, the good are kept."""
    from digest.cli.output import say, table
    from digest.cli.progress import bar
    from digest.service import people

    with bar("Importing") as progress:
        report = within(lambda house: people.import_csv(house, file, digest, confirmed=confirmed, progress=progress))
    say(f"{report.imported} imported, {report.already} there already, {len(report.refused)} refused.")
    if report.refused:
        table(("Line", "Address", "Why"), report.refused)
        raise typer.Exit(1)


@app.command("list", epilog="Example: digest subscribers list --digest newsflash --json")
def listing(
    digest: Annotated[str | None, typer.Option("--digest")] = None, as_json: Json = False, limit: Limit = None
) -> None:
    """People and where they stand with each digest."""
    from digest.cli.output import emit, table
    from digest.service import people

    rows = within(lambda house: people.listed(house, digest, limit))
    if as_json:
        emit([row.json() for row in rows])
        return
    table(
        ("Address", "Name", "Language", "Digest", "State", "Since"),
        ((r.email, r.name, r.language, r.digest, r.state, r.changed_at) for r in rows),
        empty="Nobody yet: `digest subscribers add` or `import`.",
    )


@app.command(epilog="Example: digest subscribers show ana@example.org")
def show(email: Annotated[str, typer.Argument()], as_json: Json = False) -> None:
    """All that is known of one person."""
    from digest.cli.output import emit, table
    from digest.service import people

    found = within(lambda house: people.show(house, email))
    if as_json:
        emit(found)
        return
    table(("", ""), ((key, value) for key, value in found.items() if key != "subscriptions"))
    table(
        ("Digest", "State", "Basis", "Since"),
        ((each["digest"], each["state"], each["basis"], each["changed_at"]) for each in found["subscriptions"]),
    )


@app.command(epilog="Example: digest subscribers unsubscribe ana@example.org --digest newsflash")
def unsubscribe(
    email: Annotated[str, typer.Argument()],
    digest: Annotated[str | None, typer.Option("--digest", help="Else from everything.")] = None,
) -> None:
    """Take somebody off a digest, or off all; mail already queued for them is withdrawn."""
    from digest.cli.output import say
    from digest.service import people

    say(within(lambda house: people.unsubscribe(house, email, digest)))
