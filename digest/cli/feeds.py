"""`digest feeds`: build the documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.output import say, table
from digest.cli.running import within

if TYPE_CHECKING:
    from digest.service.house import House

app = typer.Typer(name="feeds", no_args_is_help=True, help="Build the feeds.", rich_markup_mode=None)


@app.command(epilog="Example: digest feeds build --out public")
def build(
    out: Annotated[Path | None, typer.Option("--out", help="Also lay them out as files in this folder.")] = None,
) -> None:
    """Build every configured feed as Atom, RSS and JSON Feed; the same announcements give the same bytes."""
    from digest.service import publishing
    from digest.service.publishing import Built
    from digest.web import laying

    async def built(house: House) -> tuple[Built, tuple[Path, ...]]:
        report = await publishing.build(house, out)
        return report, await laying.lay_out(house, out, report.files) if out is not None else ()

    report, pages = within(built)
    table(
        ("Feed", "Entries", "State"),
        ((feed.slug, feed.entries, "new" if feed.changed else "unchanged") for feed in report.feeds),
        empty="No feed is configured.",
    )
    for path in (*report.files, *pages):
        say(str(path))
