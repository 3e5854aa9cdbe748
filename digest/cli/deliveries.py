"""`digest deliveries`: what became of the mails."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.asking import tell
from digest.cli.output import emit, say, shown, table
from digest.cli.progress import bar
from digest.cli.running import Json, within

if TYPE_CHECKING:
    from digest.service.house import House
    from digest.service.standing import Standing
    from digest.store.stopping import Stop

app = typer.Typer(name="deliveries", no_args_is_help=True, help="See and retry deliveries.", rich_markup_mode=None)


@app.command(epilog="Example: digest deliveries status --watch")
def status(
    watch: Annotated[bool, typer.Option("--watch", help="Draw it until all is settled, or Ctrl-C.")] = False,
    as_json: Json = False,
) -> None:
    """Each mailing's counts, whose fault failures are and the worst domains; drawn live while something is sent."""
    from digest.cli import standing
    from digest.service import stopping

    async def look(house: House) -> tuple[Sequence[Standing], Stop | None]:
        return await standing.looked(house), await stopping.standing(house)

    found, stop = within(look)
    if stop and not as_json:
        say(f"{stop.words[:1].upper()}{stop.words[1:]}. To go on: digest stop --lift")
    if as_json:
        emit([each.json() for each in found])
    elif watch or (sys.stdout.isatty() and any(each.sending for each in found)):
        within(standing.follow)
    else:
        standing.show(found)


@app.command(epilog="Example: digest deliveries retry --uncertain")
def retry(
    uncertain: Annotated[bool, typer.Option("--uncertain", help="Also send doubtful ones again.")] = False,
) -> None:
    """Make deferred mails due and send them now."""
    from digest.service import sending

    with bar("Sending") as progress:
        report = within(lambda house: sending.retry(house, uncertain=uncertain, progress=progress), sends=True)
    tell(report)


@app.command(epilog="Example: digest deliveries uncertain --all")
def uncertain(
    everything: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False, as_json: Json = False
) -> None:
    """Mails whose connection died after the final dot: perhaps accepted, perhaps not; and what happens to each."""
    from digest.service import reading

    rows = within(lambda house: reading.uncertain(house, everything=everything))
    if as_json:
        emit(rows)
        return
    table(
        ("Address", "Digest", "Edition", "Message-ID", "Since", "Then"),
        ((*tuple(row.values())[:5], _then(row)) for row in rows),
        empty="None.",
    )


def _then(doubt: Mapping[str, object]) -> str:
    """What became of a doubt, or will."""
    if doubt["resolved"]:
        return str(doubt["resolution"])
    return f"sent again {shown(doubt['again'])}" if doubt["again"] else "held until you say so"
