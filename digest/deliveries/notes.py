"""Notes: single letters with a lane of their own, ahead of every mailing."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from digest.deliveries.answers import heard
from digest.deliveries.context import LEASE, PATIENCE, Context, Route, Routes
from digest.deliveries.retry import backoff
from digest.deliveries.smtp.crew import Crew
from digest.deliveries.smtp.parcel import Parcel, packed
from digest.deliveries.taking import Wanted
from digest.errors import DeliveryError
from digest.model.deliveries import NoteState, Outcome, OutcomeKind
from digest.store import notes
from digest.store.notes import NoteRow

T = TypeVar("T")

GIVE_UP_AFTER = timedelta(hours=48)
_SENDER_FAULT_AGAIN = timedelta(minutes=15)
# Longer than any answer to a final dot is waited for: nobody calls a living worker's note uncertain.
_LEASE = LEASE + timedelta(minutes=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesRun:
    """What one look at the notes did."""

    accepted: int = 0
    rejected: int = 0
    moved: bool = False
    faults: tuple[tuple[str, Outcome], ...] = ()
    """Senders that could not send, and why."""


async def send_due(context: Context, routes: Routes) -> NotesRun:
    """Send the notes that are due, oldest first; what is uncertain is never sent again by itself.

    A sender whose relay is down keeps its notes owed, and stops nobody else's.
    """
    await _doubt_orphans(context)
    states: list[NoteState] = []
    down: dict[str, Outcome] = {}
    while ids := await _due(context, tuple(down)):
        for note in ids:
            done = await _finished(_one(context, routes, note))
            if done is None:
                continue
            sender, outcome, state = done
            states.append(state)
            if outcome.kind is OutcomeKind.RELAY:
                down[sender] = outcome
                break
    return NotesRun(
        accepted=states.count(NoteState.ACCEPTED),
        rejected=states.count(NoteState.REJECTED),
        moved=len(states) > len(down),
        faults=tuple(down.items()),
    )


async def _finished(work: Coroutine[None, None, T]) -> T:
    """Let a note that has begun come to its end, also when we are stopped: begun and dropped is a doubt."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=PATIENCE)
        task.cancel()
        await asyncio.wait({task})
        raise


async def _one(context: Context, routes: Routes, note: int) -> tuple[str, Outcome, NoteState] | None:
    """Its sender, what the relay said, and its state now; None when somebody was faster."""
    claimed, wait = await _claim(context, routes, note)
    if claimed is None:
        return None
    outcome = await _send(routes, claimed, wait)
    return claimed.sender, outcome, await _settle(context, claimed, outcome)


async def _due(context: Context, down: tuple[str, ...]) -> tuple[int, ...]:
    async with context.store.read() as tx:
        return await notes.due(tx, context.clock(), without=down)


async def _doubt_orphans(context: Context) -> None:
    async with context.store.read() as tx:
        lost = await notes.orphans(tx, context.clock())
    if lost:
        async with context.store.write() as tx:
            await notes.doubt_orphans(tx, context.clock())


async def _claim(context: Context, routes: Routes, note: int) -> tuple[NoteRow | None, float]:
    """The note, and how many seconds its sender's pace makes it wait."""
    now = context.clock()
    async with context.store.write() as tx:
        claimed = await notes.claim(tx, note, now=now, until=now + _LEASE)
        if claimed is None or (route := _route(routes, claimed)) is None:
            return claimed, 0.0
        return claimed, await route.pace.place(tx)


async def _send(routes: Routes, note: NoteRow, wait: float) -> Outcome:
    route = _route(routes, note)
    if route is None:
        return Outcome(kind=OutcomeKind.RELAY, text=f"{note.sender} is no sender that can be used")
    return await _post(route, note.address, note.message, wait)


def _route(routes: Routes, note: NoteRow) -> Route | None:
    try:
        return routes.of(note.sender)
    except DeliveryError:
        return None


async def _post(route: Route, address: str, message: bytes, wait: float) -> Outcome:
    """One message, when its place of the pace has come in so many seconds."""

    async def take(_wanted: Wanted) -> bool:
        await route.pace.sleep(wait)
        return True

    parcel = await _parcel(route, address, message)
    batch, crew = heard([parcel], log=route.sender.log_answers), Crew(route.notes, take=take)
    answered = batch.answered

    def told(place: int, outcome: Outcome) -> None:
        answered(place, outcome)
        said.append(outcome)

    said: list[Outcome] = []
    batch.answered = told
    crew.add([parcel])
    try:
        await crew.rest()
    finally:
        await crew.leave(0)
    outcome = said[-1] if batch.accepted else batch.others[0][1]
    return crew.fault or outcome or Outcome(kind=OutcomeKind.RELAY, text="not sent")


async def _parcel(route: Route, address: str, message: bytes) -> Parcel:
    said = route.rehearsed(message) if route.rehearsal else message
    plain = said if said.endswith(b"\r\n") else said + b"\r\n"
    signed = await asyncio.wrap_future(route.signing.begin(plain)) if route.signing else plain
    whole = signed.replace(b"\r\n.", b"\r\n..")
    return packed(0, route.envelope, route.recipients([address])[0], (whole,))


async def send_one(context: Context, routes: Routes, sender: str, address: str, message: bytes) -> Outcome:
    """Send one message now, at the sender's pace, and keep nothing of it: a test; DeliveryError for no such sender."""
    route = routes.of(sender)
    async with context.store.write() as tx:
        wait = await route.pace.place(tx)
    return await _post(route, address, message, wait)


async def _settle(context: Context, note: NoteRow, outcome: Outcome) -> NoteState:
    now = context.clock()
    state, due, attempts = _decide(note, outcome, now)
    async with context.store.write() as tx:
        await notes.settle(tx, note.id, state, reply=str(outcome), due_at=due, attempts=attempts)
    return state


def _decide(note: NoteRow, outcome: Outcome, now: datetime) -> tuple[NoteState, datetime, int]:
    """Its next state, when it is due again, and how often it has failed."""
    failures = note.attempts + 1
    late = now - note.created_at >= GIVE_UP_AFTER
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            return NoteState.ACCEPTED, now, note.attempts
        case OutcomeKind.REJECTED:
            return NoteState.REJECTED, now, failures
        case OutcomeKind.UNCERTAIN:
            return NoteState.UNCERTAIN, now, failures
        case OutcomeKind.RELAY:
            return NoteState.OWED, now, note.attempts
        case OutcomeKind.DEFERRED | OutcomeKind.SENDER if late:
            return NoteState.REJECTED, now, failures
        case OutcomeKind.DEFERRED:
            return NoteState.OWED, now + backoff(failures, str(note.id)), failures
        case OutcomeKind.SENDER:
            return NoteState.OWED, now + _SENDER_FAULT_AGAIN, failures
