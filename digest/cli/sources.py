"""`digest sources`: where announcements come from."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.cli.output import emit, say, table
from digest.cli.running import Json, Limit, within

app = typer.Typer(name="sources", no_args_is_help=True, help="See and try sources.", rich_markup_mode=None)


@app.command("list", epilog="Example: digest sources list --json")
def listing(as_json: Json = False, limit: Limit = None) -> None:
    """Every source, the troubled first: last success, error in words, next try, and how often it says something."""
    from digest.service import watching

    rows = within(watching.listed)[:limit]
    if as_json:
        emit([row.json() for row in rows])
        return
    table(
        ("Source", "Kind", "Last success", "Next try", "Failures", "Rhythm", "Error"),
        ((r.slug, r.kind, r.last_success, r.next_check, r.failures or "", r.words, r.error) for r in rows),
        empty="No source is configured.",
    )


@app.command(epilog="Example: digest sources test https://example.org/feed/")
def test(
    url: Annotated[str, typer.Argument(help="A configured source's slug, an address, or a folder.")],
    kind: Annotated[str, typer.Option("--kind", help="feed, wordpress, page or folder; else it is found out.")] = "",
    as_json: Json = False,
) -> None:
    """Find out what an address offers, show what it would give, and the section to paste; nothing is stored."""
    from digest.service import trying

    report = within(lambda house: trying.test(house, url, kind))
    if as_json:
        emit(report.json())
        return
    if len(report.ways) > 1:
        table(("Way", "Address", "Items", "Why not"), ((w.kind, w.url, w.items, w.error) for w in report.ways))
        say()
    say(f"{report.kind}: {len(report.items)} items")
    table(("Date", "Language", "Title", "Link"), ((i.date, i.language, i.title, i.link) for i in report.items))
    if report.selectors:
        say()
        rows = ((s.key, s.selector, s.matches, s.first) for s in report.selectors)
        table(("Selector", "Is", "Matches", "The first"), rows)
    for warning in report.warnings:
        say(f"note: {warning}")
    say(f"\n{report.toml}")
