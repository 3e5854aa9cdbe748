"""`digest suppressions`: whom we must not write to, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.cli.running import Json, Limit, within

app = typer.Typer(name="suppressions", no_args_is_help=True, help="Whom not to write to.", rich_markup_mode=None)


@app.command("list", epilog="Example: digest suppressions list --json")
def listing(as_json: Json = False, limit: Limit = None) -> None:
    """Suppressed addresses, the newest first, with reason and source."""
    from digest.cli.output import emit, table
    from digest.service import people

    rows = within(lambda house: people.suppressed(house, limit))
    if as_json:
        emit(rows)
        return
    table(("Address", "Reason", "Source", "Since"), (tuple(row.values()) for row in rows), empty="Nobody.")


@app.command(epilog="Example: digest suppressions add ana@example.org")
def add(email: Annotated[str, typer.Argument()]) -> None:
    """Never write to this address."""
    from digest.cli.output import say
    from digest.service import people

    say(within(lambda house: people.suppress(house, email)))


@app.command(epilog="Example: digest suppressions remove ana@example.org")
def remove(email: Annotated[str, typer.Argument()]) -> None:
    """Lift a suppression."""
    from digest.cli.output import say
    from digest.service import people

    say(within(lambda house: people.unsuppress(house, email)))
