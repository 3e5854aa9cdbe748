"""`digest suppressions`: whom we must not write to, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.cli.output import emit, say, table
from digest.cli.running import Json, Limit, instant, operator, within

app = typer.Typer(name="suppressions", no_args_is_help=True, help="Whom not to write to.", rich_markup_mode=None)

Reason = Annotated[str, typer.Option("--reason", help='Such as "hard bounce".')]
Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help="From then on.")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Before then.")]
Domain = Annotated[str, typer.Option("--domain", help="Addresses at this domain.")]


@app.command("list", epilog='Example: digest suppressions list --reason "hard bounce" --since 2026-06-01 --json')
def listing(
    as_json: Json = False,
    limit: Limit = None,
    reason: Reason = "",
    since: Since = None,
    until: Until = None,
    domain: Domain = "",
) -> None:
    """Suppressed addresses, the newest first, with reason and source."""
    from digest.service import suppressing

    wave = suppressing.Wave(reason, instant(since, "--since"), instant(until, "--until"), domain)
    rows = within(lambda house: suppressing.listed(house, wave, limit))
    if as_json:
        emit(rows)
        return
    table(("Address", "Reason", "Source", "Since"), (tuple(row.values()) for row in rows), empty="Nobody.")


@app.command(epilog='Example: digest suppressions add ana@example.org --source "asked by telephone"')
def add(
    email: Annotated[str, typer.Argument()],
    source: Annotated[str, typer.Option("--source", help="Who or what brought it.")] = "operator",
) -> None:
    """Never write to this address."""
    from digest.service import suppressing

    say(within(lambda house: suppressing.suppress(house, email, source, operator())))


@app.command(epilog="Example: digest suppressions remove --since 2026-06-26T08:00Z --domain example.org")
def remove(
    email: Annotated[str | None, typer.Argument()] = None,
    reason: Reason = "",
    since: Since = None,
    until: Until = None,
    domain: Domain = "",
) -> None:
    """Lift one suppression, or a wave of them by time and domain; erasures and complaints only by their reason."""
    from digest.service import suppressing

    if email is not None:
        address = email
        say(within(lambda house: suppressing.unsuppress(house, address, operator())))
        return
    wave = suppressing.Wave(reason, instant(since, "--since"), instant(until, "--until"), domain)
    say(within(lambda house: suppressing.undo(house, wave, operator())))
