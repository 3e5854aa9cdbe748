"""`digest collect`: read the sources now."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.cli.output import emit, say, table
from digest.cli.running import Json, within


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: digest collect            (all)\n\n         digest collect news       (one)")(collect)


def collect(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Slugs; all when none is named.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Read the sources now, due or not, and build the feeds; one that fails harms no other and nothing known."""
    from digest.service import collecting

    reports = within(lambda house: collecting.collect(house, sources or ()))
    if as_json:
        emit([collecting.as_json(report) for report in reports])
    else:
        table(
            ("Source", "Seen", "New", "Revised", "Unchanged", "Error"),
            ((r.source, r.seen, r.new, r.revised, r.unchanged, collecting.error_words(r)) for r in reports),
            empty="No source is configured.",
        )
        for report in reports:
            for warning in report.warnings:
                say(f"{report.source}: {warning}")
    if any(report.error for report in reports):
        raise typer.Exit(1)
