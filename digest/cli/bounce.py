"""`digest bounce` reads what came back; `digest bounces` shows it, and polls the mailbox it comes to."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from digest.cli.output import emit, say, table
from digest.cli.running import Json, Limit, within
from digest.errors import UsageError

app = typer.Typer(name="bounces", no_args_is_help=True, help="What came back.", rich_markup_mode=None)

LARGEST = 20_000_000


@app.command("list", epilog="Example: digest bounces list --unmatched")
def listing(
    unmatched: Annotated[bool, typer.Option("--unmatched", help="Only what no token of ours vouches for.")] = False,
    as_json: Json = False,
    limit: Limit = None,
) -> None:
    """Bounces and complaints, the newest first, with what the servers said."""
    from digest.service import bouncing

    rows = within(lambda house: bouncing.listed(house, unmatched=unmatched, limit=limit))
    if as_json:
        emit([{name: getattr(row, name) for name in row.__slots__} for row in rows])
        return
    table(
        ("At", "Address", "Class", "Edition", "Source", "Whose", "Said"),
        (
            (r.at, r.email, r.kind, f"{r.digest} {r.edition}".strip(), r.source, "ours" if r.matched else "?", r.said)
            for r in rows
        ),
        empty="Nothing came back.",
    )


@app.command(epilog="Example: digest bounces poll")
def poll() -> None:
    """Read the mailbox of `[bounces] imap` once, as `digest serve` does by itself."""
    from digest.service import mailbox

    polled = within(mailbox.poll)
    say(f"{polled.ours} of ours read and deleted there, {polled.left} left for people.")


def bounce(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="Else standard input.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only classify; change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document a line.")] = False,
    to: Annotated[str, typer.Option("--to", help="The envelope's recipient; else what the mail system says.")] = "",
) -> None:
    """Read a bounce or a complaint, as a pipe or a .forward hands it over.

    Hard ones and complaints take somebody off at once, soft ones after three editions in a row; only a letter's own
    token does so, anything else is listed in `digest bounces list --unmatched`.
    """
    messages = ((str(path), _file(path)) for path in files) if files else (("-", _input()),)
    if dry_run:
        for name, raw in messages:
            _judge(name, raw, as_json)
        return
    _take(dict(messages), to or _recipient(), as_json)


def _judge(name: str, raw: bytes, as_json: bool) -> None:
    from digest.service import bouncing

    found = bouncing.judged(raw)
    if as_json:
        results = [{"rcpt": each.recipient or None, "class": each.kind} for each in found]
        emit({"file": name, "results": results}, indent=None)
        return
    for each in found:
        say(f"{name}: {each.kind}{f' {each.status}' if each.status else ''} {each.recipient}".rstrip())


def _take(messages: dict[str, bytes], to: str, as_json: bool) -> None:
    from digest.service import bouncing
    from digest.service.house import House
    from digest.subscribers.bouncing import Came

    async def flow(house: House) -> list[tuple[str, tuple[Came, ...]]]:
        return [(name, await bouncing.take(house, raw, to=to, source="pipe")) for name, raw in messages.items()]

    for name, came in within(flow):
        if as_json:
            results = [{"rcpt": each.recipient or None, "class": each.kind, "effect": each.effect} for each in came]
            emit({"file": name, "results": results}, indent=None)
            continue
        for each in came:
            say(f"{name}: {each.kind}, {each.effect} {each.recipient}".rstrip())


def _file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError as error:
        raise UsageError(error.strerror or "cannot be read", about=str(path)) from None


def _input() -> bytes:
    return sys.stdin.buffer.read(LARGEST)


def _recipient() -> str:
    """Whom the mail system says a piped message is for (Postfix, sendmail and qmail set one of these)."""
    return next((os.environ[name] for name in ("ORIGINAL_RECIPIENT", "RECIPIENT", "LOCAL") if name in os.environ), "")


def register(root: typer.Typer) -> None:
    """Put `bounce` on the command line itself."""
    root.command(epilog="Example: digest bounce < message.eml; digest bounce --dry-run --json *.eml")(bounce)
