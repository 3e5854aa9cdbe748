"""What is owed now, decided: of the slots since the last look, which go out and which are let go.

Pauses and left-out slots come first, then the digest's own policy for what was missed:
`latest` keeps the newest only, `each` keeps all (at most EACH_AT_MOST), `skip` keeps what is not too late.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from digest.schedule import Slot
from digest.store.schedules import SlotState, Standing

EACH_AT_MOST = 50
"""However long the house was down, nobody wants more than these at once."""

Missed = Literal["latest", "each", "skip"]


@dataclass(frozen=True, slots=True)
class Passed:
    """A slot that brings no edition, and why."""

    slot: Slot
    state: SlotState
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What one look found; both lists ascend. The start line moves on to the moment of the look."""

    owed: tuple[Slot, ...]
    passed: tuple[Passed, ...]
    skips_used: int


def decide(
    since: Sequence[Slot], standing: Standing, *, missed: Missed, lateness: timedelta, now: datetime
) -> Decision:
    """Weigh the slots since the last look, ascending; what is still to come was never missed."""
    paused = [slot for slot in since if is_paused(standing, slot)]
    going = [slot for slot in since if not is_paused(standing, slot)]
    left_out, going = going[: standing.skip_next], going[standing.skip_next :]
    come = [slot for slot in going if slot.at <= now]
    keep, why = _POLICIES[missed](come, now, lateness)
    keep = [*keep, *going[len(come) :]]
    passed = [
        *(Passed(slot, SlotState.SKIPPED, "paused") for slot in paused),
        *(Passed(slot, SlotState.SKIPPED, "left out by an operator") for slot in left_out),
        *(Passed(slot, SlotState.MISSED, why) for slot in going if slot not in keep),
    ]
    passed.sort(key=lambda each: each.slot.at)
    return Decision(tuple(keep), tuple(passed[-EACH_AT_MOST:]), len(left_out))


def ripe(since: Sequence[Slot], standing: Standing, now: datetime) -> Sequence[Slot]:
    """What of it to decide now: one to come that would be let go is not, yet, nor what follows; a pause may end."""
    skips = standing.skip_next
    for at, slot in enumerate(since):
        paused = is_paused(standing, slot)
        if slot.at > now and (paused or skips):
            return since[:at]
        skips -= bool(skips and not paused)
    return since


def is_paused(standing: Standing, slot: Slot) -> bool:
    """Whether the slot falls into the pause."""
    return pause_lasts(standing, slot.at)


def pause_lasts(standing: Standing, at: datetime) -> bool:
    """Whether it is paused at that moment; a pause that has ended by itself is none."""
    return standing.paused and (standing.paused_until is None or at < standing.paused_until)


def _latest(going: list[Slot], now: datetime, lateness: timedelta) -> tuple[list[Slot], str]:
    return going[-1:], "missed, and a later one was due by then"


def _each(going: list[Slot], now: datetime, lateness: timedelta) -> tuple[list[Slot], str]:
    return going[-EACH_AT_MOST:], f"missed, with more than {EACH_AT_MOST} after it"


def _skip(going: list[Slot], now: datetime, lateness: timedelta) -> tuple[list[Slot], str]:
    return [slot for slot in going if now - slot.at <= lateness], f"missed by more than {lateness}"


_Keep = Callable[[list[Slot], datetime, timedelta], tuple[list[Slot], str]]
_POLICIES: dict[Missed, _Keep] = {"latest": _latest, "each": _each, "skip": _skip}
