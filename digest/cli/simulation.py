"""What a simulation came to: two schedules side by side, and each year as a line of small bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from digest.cli.output import say, table
from digest.schedules.simulate import Imagined
from digest.service.simulating import Simulation, Trial

_BARS = "▁▂▃▄▅▆▇█"
_SKIPPED = "·"


def tell(done: Simulation) -> None:
    """Print the comparison and the plots."""
    say(f"{done.digest}: {_counted(done.arrivals)} from {done.since:%d %b %Y} to {done.until:%d %b %Y}")
    say()
    table(("", *(trial.schedule for trial in done.trials)), _figures(done.trials))
    most = max((each.items for trial in done.trials for each in trial.replay.editions), default=0)
    for trial in done.trials:
        say()
        say(trial.words)
        for year, line in _years(trial, most):
            say(f"  {year}  {line}")
    if most:
        say()
        say(f"One sign an edition, {_BARS[-1]} is {_counted(most)}; {_SKIPPED} would have been skipped.")


def _counted(number: int) -> str:
    return f"{number} announcement{'s' * (number != 1)}"


def _figures(trials: Sequence[Trial]) -> Iterator[tuple[object, ...]]:
    made = [trial.replay.made for trial in trials]
    yield "Editions", *(len(each) for each in made)
    yield (
        "Skipped, too few",
        *(len(trial.replay.editions) - len(each) for trial, each in zip(trials, made, strict=True)),
    )
    yield "Announcements each", *(f"{sum(e.items for e in each) / len(each):.1f}" if each else "" for each in made)
    yield "Largest", *(_largest(trial) for trial in trials)
    yield "Longest wait", *(_slowest(trial) for trial in trials)
    yield "Still waiting", *(trial.replay.left for trial in trials)


def _largest(trial: Trial) -> str:
    largest = trial.replay.largest
    return f"{largest.items} on {largest.slot.local:%d %b %Y}" if largest else ""


def _slowest(trial: Trial) -> str:
    slowest = trial.replay.slowest
    return f"{_days(slowest.waited)}: {slowest.longest[:40]}" if slowest else ""


def _days(wait: timedelta) -> str:
    hours = round(wait.total_seconds() / 3600)
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"


def _years(trial: Trial, most: int) -> Iterator[tuple[int, str]]:
    for year, editions in groupby(trial.replay.editions, key=lambda each: each.slot.local.year):
        yield year, "".join(_sign(each, most) for each in editions)


def _sign(edition: Imagined, most: int) -> str:
    if edition.skipped:
        return _SKIPPED
    return _BARS[max(0, -(-edition.items * len(_BARS) // max(1, most)) - 1)]
