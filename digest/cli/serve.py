"""`digest serve`, `web`, `work`, `tick`: the processes."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.cli.output import say
from digest.cli.running import settings, within

Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")]


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: digest serve --port 8080")(serve)
    app.command(epilog="Example: digest web --host 0.0.0.0")(web)
    app.command(epilog="Example: digest work")(work)
    app.command(epilog="Example: digest tick --once")(tick)


def serve(host: Host = "127.0.0.1", port: Port = 8080) -> None:
    """One process for everything: pages and feeds, collecting, schedules, sending."""
    _run(host, port, web_pages=True, clock=True, sender=True)


def web(host: Host = "127.0.0.1", port: Port = 8080) -> None:
    """Only the pages and feeds."""
    _run(host, port, web_pages=True, clock=False, sender=False)


def work() -> None:
    """Only sending: notes and mailings that are due."""
    _run("", 0, web_pages=False, clock=False, sender=True)


def tick(once: Annotated[bool, typer.Option("--once", help="One look at the clock, then leave.")] = False) -> None:
    """Only the clock: collect what is due, compose the editions that slots owe."""
    if not once:
        _run("", 0, web_pages=False, clock=True, sender=False)
        return
    from digest.service import ticking

    look = within(ticking.once)
    say(look.words)
    if look.failed:
        raise typer.Exit(1)


def _run(host: str, port: int, *, web_pages: bool, clock: bool, sender: bool) -> None:
    from digest.engine import loop
    from digest.web.process import Roles, run

    declared, roles = settings(), Roles(web=web_pages, clock=clock, sender=sender)
    loop.run(run(declared, roles, host=host, port=port, say=say), fast=web_pages or sender)
