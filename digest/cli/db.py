"""`digest db`: the schema of the store."""

from __future__ import annotations

import typer

from digest.cli.running import settings

app = typer.Typer(name="db", no_args_is_help=True, help="Look after the database.", rich_markup_mode=None)


@app.command(epilog="Example: DIGEST_DATABASE__URL=postgresql://… digest db upgrade")
def upgrade() -> None:
    """Bring the database to this version's schema; safe to run at every start, in many places at once."""
    import asyncio

    from digest.cli.output import say
    from digest.store import migrate
    from digest.store.database import connect

    declared = settings()

    async def main() -> None:
        store = connect(declared.database.url)
        try:
            await migrate.upgrade(store)
            if declared.engine.kind == "procrastinate":
                from digest.engine import distributed

                await distributed.upgrade(store)
        finally:
            await store.close()

    asyncio.run(main())
    say(f"The database is at schema {migrate.head()}.")
