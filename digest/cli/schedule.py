"""`digest schedule`: when editions are due, and what an expression means."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.cli.running import Json, within

app = typer.Typer(name="schedule", no_args_is_help=True, help="See when editions are due.", rich_markup_mode=None)


@app.command("list", epilog="Example: digest schedule list --json")
def listing(as_json: Json = False) -> None:
    """Each digest's schedule in force, in words, and its next slot."""
    from digest.cli.output import emit, table
    from digest.service import scheduling

    rows = within(scheduling.listed)
    if as_json:
        emit([row.json() for row in rows])
        return
    table(
        ("Digest", "Schedule", "In words", "Next (local)"),
        ((row.digest, row.spec, row.words, row.next.local if row.next else "") for row in rows),
        empty="No digest is configured.",
    )


@app.command(
    "next", epilog='Example: digest schedule next newsflash -n 12   (see also: schedule check "last fri 09:00")'
)
def upcoming(
    digest: Annotated[str, typer.Argument(help="The digest's slug.")],
    number: Annotated[int, typer.Option("-n", min=1, max=1000, help="How many.")] = 6,
    as_json: Json = False,
) -> None:
    """The next slots in local time and UTC, with a note where a clock change or a short month has a say."""
    from digest.cli.output import emit, table
    from digest.service import scheduling

    times = within(lambda house: scheduling.upcoming(house, digest, number))
    if as_json:
        emit([{"local": each.local, "utc": each.utc, "notes": list(each.notes)} for each in times])
        return
    table(
        ("Local", "UTC", "Note"),
        ((each.words, each.utc, "; ".join(each.notes)) for each in times),
        empty="Nothing is due: the schedule has ended or is paused.",
    )


@app.command(epilog='Example: digest schedule check "every 2 weeks on thu 10:00 from 2026-01-08"')
def check(
    spec: Annotated[str, typer.Argument(help="A schedule expression.")],
    timezone: Annotated[str, typer.Option("--timezone", help="The zone to word it in.")] = "",
) -> None:
    """Say in words when an expression fires, or why it cannot."""
    from digest.cli.output import say
    from digest.service import scheduling

    say(scheduling.in_words(spec, timezone))
