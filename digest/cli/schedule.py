"""`digest schedule`: when editions are due, and what an expression means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.output import emit, say, table
from digest.cli.running import DigestName, Json, operator, within

if TYPE_CHECKING:
    from digest.schedules.steer import Steer
    from digest.service.house import House

app = typer.Typer(
    name="schedule", no_args_is_help=True, help="See and change when editions are due.", rich_markup_mode=None
)

Why = Annotated[str, typer.Option("--why", help="Kept with the change.")]


@app.command("list", epilog="Example: digest schedule list --json")
def listing(as_json: Json = False) -> None:
    """Each digest's schedule in force, in words, and its next slot."""
    from digest.service import scheduling

    rows = within(scheduling.listed)
    if as_json:
        emit([row.json() for row in rows])
        return
    table(
        ("Digest", "Schedule", "In words", "Next (local)", "Note"),
        ((row.digest, row.spec, row.words, row.next.words if row.next else "", row.notes) for row in rows),
        empty="No digest is configured.",
    )


@app.command(
    "next", epilog='Example: digest schedule next newsflash -n 12   (see also: schedule check "last fri 09:00")'
)
def upcoming(
    digest: DigestName,
    number: Annotated[int, typer.Option("-n", min=1, max=1000, help="How many.")] = 6,
    as_json: Json = False,
) -> None:
    """The next slots in local time and UTC, with a note where a clock change or a short month has a say."""
    from digest.service import scheduling

    times = within(lambda house: scheduling.upcoming(house, digest, number))
    if as_json:
        emit([each.json() for each in times])
        return
    table(
        ("Local", "UTC", "Note"),
        ((each.words, each.utc, "; ".join(each.notes)) for each in times),
        empty="Nothing is due: the schedule has ended or is paused.",
    )


@app.command(epilog='Example: digest schedule tune newsflash "1st tue 10:00" --why "the office is closed on Fridays"')
def tune(
    digest: DigestName,
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="What counts from now on; nothing is made up for.")],
    why: Annotated[str, typer.Option("--why", help="Kept with the change.")],
) -> None:
    """Let another expression count until it is reset, in every process within seconds."""
    _steered(digest, why, lambda steer: steer.tune(spec))


@app.command(epilog="Example: digest schedule reset newsflash")
def reset(digest: DigestName, why: Why = "") -> None:
    """Let what is declared count again."""
    _steered(digest, why, lambda steer: steer.reset())


@app.command(epilog="Example: digest schedule pause newsflash --until 2026-09-01")
def pause(
    digest: DigestName,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="A date or time there; or for ever.")
    ] = None,
    why: Why = "",
) -> None:
    """Let slots pass without an edition; their announcements come with the next one."""
    from digest.service import scheduling

    _changed(digest, lambda house: scheduling.pause(house, digest, until, by=operator(), why=why))


@app.command(epilog="Example: digest schedule resume newsflash")
def resume(digest: DigestName, why: Why = "") -> None:
    """End a pause; nothing is made up for."""
    _steered(digest, why, lambda steer: steer.resume())


@app.command("skip-next", epilog='Example: digest schedule skip-next newsflash --why "nobody reads it in August"')
def skip_next(
    digest: DigestName,
    number: Annotated[int, typer.Option("-n", min=0, max=100, help="How many; 0 takes it back.")] = 1,
    why: Why = "",
) -> None:
    """Leave out the next slot, or the next few; their announcements come with the one after."""
    _steered(digest, why, lambda steer: steer.skip_next(number))


@app.command("run-now", epilog='Example: digest schedule run-now newsflash --why "the award is out"')
def run_now(digest: DigestName, why: Why = "") -> None:
    """Owe an edition at once, beside the regular ones; whoever keeps the clock makes it within seconds."""
    from digest.service import scheduling

    within(lambda house: scheduling.run_now(house, digest, by=operator(), why=why))
    say(f"{digest}: an edition is owed now; `digest serve`, or `digest tick --once`, makes it.")


@app.command(epilog="Example: digest schedule history newsflash")
def history(digest: DigestName, as_json: Json = False) -> None:
    """Who changed it at run time, when, from what, to what, and why."""
    from digest.service import scheduling

    lines = within(lambda house: scheduling.history(house, digest))
    if as_json:
        names = ("at", "who", "action", "was", "became", "why")
        emit([{name: getattr(line, name) for name in names} for line in lines])
        return
    table(
        ("When", "Who", "What", "From", "To", "Why"),
        ((each.at, each.who, each.action.removeprefix("schedule "), each.was, each.became, each.why) for each in lines),
        empty="Nobody has changed it: what is declared counts.",
    )


@app.command(
    epilog='Example: digest schedule simulate newsflash "mon 07:30" --from 2024-01-01'
    "   (the schedule in force and the other one, side by side)"
)
def simulate(
    digest: DigestName,
    spec: Annotated[str | None, typer.Argument(metavar="[SPEC]", help="Another one, to compare with.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Default: the first announcement.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Default: now.")] = None,
    as_json: Json = False,
) -> None:
    """Replay the archive: the editions that would have come, and what each would have held; nothing is changed."""
    from digest.cli.simulation import tell
    from digest.service import simulating

    done = within(lambda house: simulating.simulate(house, digest, spec, since=since, until=until))
    if as_json:
        emit(done.json())
    else:
        tell(done)


@app.command(epilog='Example: digest schedule check "every 2 weeks on thu 10:00 from 2026-01-08"')
def check(
    spec: Annotated[str, typer.Argument(help="A schedule expression.")],
    timezone: Annotated[str, typer.Option("--timezone", help="The zone to word it in.")] = "",
) -> None:
    """Say in words when an expression fires, or why it cannot."""
    from digest.service import scheduling

    say(scheduling.in_words(spec, timezone))


def _steered(digest: str, why: str, act: Callable[[Steer], Awaitable[None]]) -> None:
    from digest.service import scheduling

    async def flow(house: House) -> None:
        await act(await scheduling.steer(house, digest, by=operator(), why=why))

    _changed(digest, flow)


def _changed(digest: str, flow: Callable[[House], Awaitable[None]]) -> None:
    """Do it, and show what counts now and when it goes next."""
    from digest.service import scheduling

    async def change(house: House) -> scheduling.Line:
        await flow(house)
        return await scheduling.line(house, digest)

    line = within(change)
    say(f"{digest}: {line.words}{f' ({line.notes})' if line.notes else ''}")
    say(f"Next: {line.next.words if line.next else 'none, it has ended or is paused'}")
