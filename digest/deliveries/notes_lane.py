"""The lane of the notes, ahead of every mailing: a task for each sender, so that one that hangs holds up no other.

Nobody waits longer than a moment: a note whose relay is silent goes on beside mailings and the notes of others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from digest.deliveries.context import PATIENCE, Context, Routes
from digest.deliveries.notes import Crews, claim, deliver, doubt_orphans
from digest.model.deliveries import NoteState, Outcome, OutcomeKind
from digest.store import notes
from digest.store.notes import NoteRow

GIVE_WAY = 1.0
"""Seconds that everything else waits for notes that are due; once for each sender whose relay takes longer."""
SOON = 60.0
"""Seconds that a note's place of the pace is waited for: what comes later the ledger remembers."""
_HAIR = 0.002
"""Clocks and timers are not quite one: what is due must be so when we look."""
_TO_WRITE = 5.0
"""Seconds that the ledger has to hear of what was broken off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesRun:
    """What became of notes."""

    accepted: int = 0
    rejected: int = 0
    moved: bool = False
    faults: tuple[tuple[str, Outcome], ...] = ()
    """Senders that could not send, and why."""


class NotesLane:
    """The notes that one process sends; leaving the block leaves none of them running."""

    def __init__(self, context: Context, routes: Routes) -> None:
        self._context = context
        self._routes = routes
        self._tasks: dict[str, asyncio.Task[NotesRun]] = {}
        self._late: set[asyncio.Task[NotesRun]] = set()
        self._down: set[str] = set()
        self._heard: list[NotesRun] = []
        self._under_way: Crews = set()
        self._asleep: set[asyncio.Task[object]] = set()
        self._stopped = False

    @property
    def busy(self) -> bool:
        """Whether a note is on its way, or ended since the last look."""
        return bool(self._tasks)

    @property
    def late(self) -> tuple[str, ...]:
        """Senders whose relay takes its time: they have a note under way that nobody waits for."""
        return tuple(sender for sender, task in self._tasks.items() if task in self._late and not task.done())

    @property
    def aside(self) -> tuple[str, ...]:
        """Senders to whose notes nobody gives way: those that take their time, or could not send a moment ago."""
        return (*self.late, *self._down)

    async def look(self) -> NotesRun:
        """Send the notes that are due, and wait for them a moment; what became of those that ended since the last look.

        A sender whose relay is down keeps its notes owed.
        """
        await self.go()
        heard, self._heard = self._heard, []
        return NotesRun(
            accepted=sum(run.accepted for run in heard),
            rejected=sum(run.rejected for run in heard),
            moved=any(run.moved for run in heard),
            faults=tuple(fault for run in heard for fault in run.faults),
        )

    async def go(self) -> None:
        """Begin what is due of each sender that is not sending, and wait for it a moment."""
        self._reap()
        await self._begin()
        if awaited := [task for task in self._tasks.values() if task not in self._late]:
            _, late = await asyncio.wait(awaited, timeout=GIVE_WAY)
            self._late |= late
        self._reap()

    async def rest(self, seconds: float) -> None:
        """Wait so long for a sender to end."""
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)

    async def leave(self) -> None:
        """Begin nothing more, and let what has begun come to its end no longer than one has patience for.

        What has no final dot by then is owed as before, and what has one is a doubt.
        """
        self._stopped = True
        tasks = list(self._tasks.values())
        for sleeper in self._asleep:
            sleeper.cancel()
        try:
            if tasks:
                await asyncio.wait(tasks, timeout=PATIENCE)
                await asyncio.gather(*(crew.leave(0) for crew in [*self._under_way]))
                await asyncio.wait(tasks, timeout=_TO_WRITE)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._tasks.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.leave()

    async def _begin(self) -> None:
        await doubt_orphans(self._context)
        async with self._context.store.read() as tx:
            due = await notes.senders_due(tx, self._context.clock())
        for sender in due:
            if sender not in self._tasks and not self._stopped:
                self._tasks[sender] = asyncio.create_task(self._send(sender))

    def _reap(self) -> None:
        """Hear of the senders that have ended; raises what one of them raised."""
        for sender, task in [*self._tasks.items()]:
            if task.done():
                del self._tasks[sender]
                self._late.discard(task)
                run = task.result()
                self._heard.append(run)
                (self._down.add if run.faults else self._down.discard)(sender)

    async def _send(self, sender: str) -> NotesRun:
        """What is due of one sender, one after another, oldest first, until its relay is down."""
        states: list[NoteState] = []
        while not self._stopped and (ids := await self._due(sender)):
            for note in ids:
                claimed = await self._claim(note)
                if claimed is None:
                    continue
                outcome, state = await deliver(self._context, self._routes, claimed, self._under_way)
                states.append(state)
                if outcome.kind is OutcomeKind.RELAY:
                    return _run(states, (sender, outcome))
        return _run(states)

    async def _claim(self, note: int) -> NoteRow | None:
        """One to send now, its place waited for where that is soon; None for none."""
        if self._stopped:
            return None
        claimed, wait = await claim(self._context, self._routes, note)
        if not 0 < wait <= SOON:
            return claimed
        await self._sleep(wait + _HAIR)
        return None if self._stopped else (await claim(self._context, self._routes, note))[0]

    async def _sleep(self, seconds: float) -> None:
        """Wait, until somebody stops us."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        self._asleep.add(task)
        try:
            await self._context.sleep(seconds)
        finally:
            self._asleep.discard(task)

    async def _due(self, sender: str) -> tuple[int, ...]:
        async with self._context.store.read() as tx:
            return await notes.due(tx, self._context.clock(), sender=sender)


def _run(states: Sequence[NoteState], *faults: tuple[str, Outcome]) -> NotesRun:
    return NotesRun(
        accepted=states.count(NoteState.ACCEPTED),
        rejected=states.count(NoteState.REJECTED),
        moved=len(states) > len(faults),
        faults=faults,
    )
