"""`digest doctor`: the check-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.output import emit, say, table
from digest.cli.running import Json, settings

if TYPE_CHECKING:
    from digest.doctor import Finding


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: digest doctor newsflash --json")(doctor)


def doctor(
    digests: Annotated[
        list[str] | None, typer.Argument(metavar="[DIGEST]…", help="Else all, with all senders.")
    ] = None,
    dns: Annotated[
        str, typer.Option("--dns", metavar="ADDRESS[:PORT]", help="Ask this server, not the machine's.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Look at configuration, sources, senders and letters, say what is wrong and how to mend it; changes nothing.

    SPF, DKIM, DMARC and alignment, names and TLS of relays, a real message, one-click, bounces, links, contrast.
    """
    from digest.doctor import Verdict, examine

    findings = examine(settings(), digests=digests or (), dns=dns)
    if as_json:
        emit([each.json() for each in findings])
    else:
        _tell(findings)
    if any(each.verdict is Verdict.WRONG for each in findings):
        raise typer.Exit(1)


def _tell(findings: tuple[Finding, ...]) -> None:
    table(("", "What", "Finding"), ((each.verdict.value, each.what, each.words) for each in findings))
    if mend := [each for each in findings if each.mend]:
        say()
        table(("To mend", ""), ((each.what, each.mend) for each in mend))
    if records := dict.fromkeys(each.record.line for each in findings if each.record):
        say()
        say("DNS records, to copy into the zone:")
        for line in records:
            say(line)
