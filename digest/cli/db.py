"""`digest db`: the store's schema, its backups, and moving it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from digest.cli.output import emit, say, table
from digest.cli.running import Json, settings, within

app = typer.Typer(name="db", no_args_is_help=True, help="Look after the database.", rich_markup_mode=None)


@app.command(epilog="Example: DIGEST_DATABASE__URL=postgresql://… digest db upgrade")
def upgrade() -> None:
    """Bring the database to this version's schema; safe to run at every start, in many places at once."""
    import asyncio

    from digest.service import keeping
    from digest.store import migrate

    asyncio.run(keeping.upgrade(settings()))
    say(f"The database is at schema {migrate.head()}.")


@app.command(epilog="Example: digest db backup /backups/digest-friday.db")
def backup(file: Annotated[Path, typer.Argument(help="A file that is not there yet.")]) -> None:
    """Write the whole store into one file, while it is in use; the pictures and the key lie beside it."""
    import asyncio

    from digest.service import keeping

    asyncio.run(keeping.take(settings(), file))
    say(f"Backed up into {file}.")


@app.command(epilog="Example: digest db restore /backups/digest-friday.db --replace")
def restore(
    file: Annotated[Path, typer.Argument(help="What `digest db backup` wrote, from either database.")],
    replace: Annotated[bool, typer.Option("--replace", help="Also over a store that holds something.")] = False,
) -> None:
    """Put a backup in the store's place; it sends nothing until `digest db claim`."""
    import asyncio

    from digest.service import keeping

    asyncio.run(keeping.restore(settings(), file, replace=replace))
    say("Restored, and in quarantine: it sends nothing until `digest db claim`.")


@app.command(epilog="Example: digest db claim")
def claim() -> None:
    """Let a restored or copied store send: who left since is told again, and what may have gone out is held."""
    from digest.service import claiming

    say(within(claiming.claim).words)


@app.command(epilog="Example: digest db copy --to postgresql://user:password@host/digest")
def copy(
    to: Annotated[str, typer.Option("--to", metavar="URL", help="An empty database, of either kind.")],
    as_json: Json = False,
) -> None:
    """Copy the store into another database, compared row by row; the copy sends nothing until `digest db claim`."""
    import asyncio

    from digest.service import keeping

    copied = asyncio.run(keeping.copy(settings(), to))
    if as_json:
        emit([{"table": each.table, "rows": each.rows, "fingerprint": each.fingerprint} for each in copied])
        return
    table(("Table", "Rows", "Fingerprint"), [(each.table, each.rows, each.fingerprint[:16]) for each in copied])
    say("The copy is the same, and in quarantine: set database.url to it, then `digest db claim`.")
