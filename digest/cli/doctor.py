"""`digest doctor`: the check-up."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: digest doctor")(doctor)


def doctor() -> None:
    """Look at configuration, store, templates, sources and relays, and say what is wrong."""
    from digest.cli.output import table
    from digest.cli.running import settings
    from digest.doctor import examine

    findings = examine(settings())
    table(("", "What", "Finding"), ((("ok" if f.fine else "!!"), f.what, f.words) for f in findings))
    if not all(finding.fine for finding in findings):
        raise typer.Exit(1)
