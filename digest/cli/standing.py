"""How mailings stand, drawn: a bar of outcomes for each, its speed and end, and where it fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from digest.cli.output import console, safe, table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from digest.service.house import House
    from digest.service.standing import Standing

COLOURS = {
    "accepted": "green",
    "deferred": "yellow",
    "uncertain": "magenta",
    "rejected": "red",
    "withdrawn": "bright_black",
    "owed": "bright_black",
}
"""In the order of the bar."""
WIDTH = 56
EVERY = 0.5
"""Seconds between two looks."""
PATIENCE = 2.0
"""Seconds for a speed that is asked for once."""


async def looked(house: House) -> Sequence[Standing]:
    """How all mailings stand; one that is being sent is looked at until its speed is known, two seconds at most."""
    from digest.service import standing
    from digest.service.house import now

    speed, until = standing.Speedometer(), time.monotonic() + PATIENCE
    found = speed.measured(await standing.look(house), now())
    while not speed.sure(found) and time.monotonic() < until:
        await asyncio.sleep(EVERY / 2)
        found = speed.measured(await standing.look(house), now())
    return found


def show(found: Sequence[Standing]) -> None:
    """All mailings in a table; the newest as a picture below it, where it has anything to show."""
    from digest.service import reading

    table(
        ("Digest", "Edition", "Status", "Audience", *reading.COUNTS, "Next try"),
        ((r.digest, r.named, r.mailing, r.audience, *r.counts, r.next_due) for r in (each.row for each in found)),
        empty="No mailing yet.",
    )
    for each in found:
        if each.sending or each.done_at or each.overdue or each.domains:
            console().print(picture(each))


async def follow(house: House) -> None:
    """Draw all that is being sent, until it is settled or somebody has seen enough."""
    from rich.console import Group
    from rich.live import Live

    from digest.service import standing
    from digest.service.house import now

    speed, shown = standing.Speedometer(), set[int]()
    with Live(console=console(), auto_refresh=False) as live:
        while True:
            found = await standing.look(house)
            shown |= {each.key for each in found if open_(each)}
            drawn = [each for each in speed.measured(found, now()) if each.key in shown] or list(found[:1])
            live.update(Group(*(picture(each) for each in drawn)), refresh=True)
            if not any(open_(each) for each in found):
                return
            await asyncio.sleep(EVERY)


def open_(standing: Standing) -> bool:
    """Whether its mailing still runs."""
    return standing.row.mailing in ("proving", "sending")


def picture(standing: Standing) -> RenderableType:
    """One mailing."""
    from rich.console import Group
    from rich.text import Text

    row = standing.row
    title = Text.assemble((f"{safe(row.digest)} {row.named}", "bold"), ("  " + (row.mailing or row.status), "cyan"))
    if standing.stopped and open_(standing):
        title.append(f"  {safe(standing.stopped)}", "bold red")
    elif row.why:
        title.append(f"  {safe(row.why)}", "yellow")
    return Group(title, bar(standing), words(standing), *troubles(standing), Text())


def bar(standing: Standing) -> Text:
    """The outcomes as lengths of one line; whatever there is of a kind is seen."""
    from rich.text import Text

    numbers = standing.row.numbers
    line = Text()
    for name, length in zip(COLOURS, lengths([getattr(numbers, name) for name in COLOURS], WIDTH), strict=True):
        line.append(("░" if name == "owed" else "█") * length, COLOURS[name])
    part = (numbers.audience - numbers.owed) / numbers.audience if numbers.audience else 0
    return line.append(f"  {part:4.0%}", "bold")


def lengths(counts: Sequence[int], width: int) -> list[int]:
    """Shares of `width` for `counts`: at least one where there is any, and `width` in all."""
    total = sum(counts)
    if not total:
        return [0] * (len(counts) - 1) + [width]
    found = [max(1, count * width // total) if count else 0 for count in counts]
    found[found.index(max(found))] += width - sum(found)
    return found


def words(standing: Standing) -> Text:
    """The numbers, each in its colour, then speed and end."""
    from rich.text import Text

    numbers = standing.row.numbers
    line = Text()
    for name, colour in COLOURS.items():
        if (count := getattr(numbers, name)) or name == "accepted":
            line.append(f"{count:,} {name}", colour if name != "owed" else "").append("   ")
    waits = None if standing.sending or not open_(standing) else standing.row.next_due
    last = [f"{standing.per_second:,.1f}/s"] if standing.per_second else []
    if waits and standing.overdue:
        last.append(f"due since {clock(waits)}: its relay cannot be used, or nothing runs that sends")
    elif waits:
        last.append(f"next try {clock(waits)}")
    if standing.done_at and not (waits and clock(standing.done_at) == clock(waits)):
        last.append(f"done about {clock(standing.done_at)}")
    return line.append(", ".join(last), "bold")


def troubles(standing: Standing) -> list[RenderableType]:
    """Whose fault failures are, and the domains with most of them."""
    from rich.table import Table
    from rich.text import Text

    if not standing.domains:
        return []
    faults = ", ".join(f"{count:,} {safe(fault)}" for fault, count in standing.faults.items())
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bright_black")
    for column in ("Domain", "Rejected", "Deferred", "Uncertain", "Says"):
        grid.add_column(column, justify="right" if column in ("Rejected", "Deferred", "Uncertain") else "left")
    for each in standing.domains:
        numbers = (str(number or "") for number in (each.rejected, each.deferred, each.uncertain))
        grid.add_row(Text(safe(each.domain)), *numbers, Text(safe(each.text)[:60], "bright_black"))
    return [Text(f"Failures by fault: {faults}", "bright_black"), grid]


def clock(at: datetime) -> str:
    """An instant in this machine's zone, which it names, as one says it today, or with its day."""
    here, today = at.astimezone(), datetime.now(UTC).astimezone().date()
    return f"{here:%H:%M %Z}" if here.date() == today else f"{here:%a %-d %b %H:%M %Z}"
