"""Notes: single letters, each claimed, sent and settled by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from digest.deliveries.answers import heard
from digest.deliveries.context import LEASE, Context, Route, Routes
from digest.deliveries.incident import Incident
from digest.deliveries.retry import backoff, waited
from digest.deliveries.smtp.crew import Crew
from digest.deliveries.smtp.parcel import Parcel, packed
from digest.errors import DeliveryError
from digest.model.deliveries import NoteKind, NoteState, Outcome, OutcomeKind
from digest.store import notes
from digest.store.notes import NoteRow

Crews = set[Crew]
"""What sends at this moment: whoever stops tells them to leave."""

GIVE_UP_AFTER = timedelta(hours=48)
"""The relay's first answer: it counts only while the relay answers."""
_SENDER_FAULT_AGAIN = timedelta(minutes=15)
# Longer than any answer to a final dot is waited for: nobody calls a living worker's note uncertain.
_LEASE = LEASE + timedelta(minutes=14)


async def deliver(context: Context, routes: Routes, note: NoteRow, under_way: Crews) -> tuple[Outcome, NoteState]:
    """What the relay said of one that was claimed, and its state now."""
    route = _route(routes, note)
    if route is None:
        outcome = Outcome(kind=OutcomeKind.RELAY, text=f"{note.sender} is no sender that can be used")
    else:
        outcome = await _post(route, note.address, note.message, under_way)
    return outcome, await _settle(context, note, outcome)


async def claim(context: Context, routes: Routes, note: int) -> tuple[NoteRow | None, float]:
    """The note, to be sent now; None when somebody was faster, or so many seconds before its place of the pace.

    It is owed while it waits, not claimed: nobody takes it for one that was begun, however long that is.
    """
    now = context.clock()
    async with context.store.write() as tx:
        claimed = await notes.claim(tx, note, now=now, until=now + _LEASE)
        if claimed is None or (route := _route(routes, claimed)) is None:
            return claimed, 0.0
        if claimed.place_at and route.pace.keeps(claimed.place_at):
            return claimed, 0.0
        wait = await route.pace.place(tx)
        if not wait:
            return replace(claimed, place_at=now), 0.0
        await notes.put_off(tx, note, now + timedelta(seconds=wait))
        return None, wait


async def doubt_orphans(context: Context) -> None:
    """What a dead worker was sending may have gone; what is uncertain is never sent again by itself."""
    async with context.store.read() as tx:
        lost = await notes.orphans(tx, context.clock())
    if lost:
        async with context.store.write() as tx:
            await notes.doubt_orphans(tx, context.clock())


def _route(routes: Routes, note: NoteRow) -> Route | None:
    try:
        return routes.of(note.sender)
    except DeliveryError:
        return None


async def _post(route: Route, address: str, message: bytes, under_way: Crews) -> Outcome:
    """One message; it is `under_way` until it is answered."""
    parcel = await _parcel(route, address, message)
    batch, crew = heard([parcel], log=route.sender.log_answers), Crew(route.notes)
    answered = batch.answered

    def told(place: int, outcome: Outcome) -> None:
        answered(place, outcome)
        said.append(outcome)

    said: list[Outcome] = []
    batch.answered = told
    under_way.add(crew)
    try:
        crew.add([parcel])
        await crew.rest()
    finally:
        under_way.discard(crew)
        await crew.leave(0)
    others = [outcome for _, outcome in batch.others]
    outcome = said[-1] if batch.accepted else others[0] if others else None
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
    await route.pace.sleep(wait)
    return await _post(route, address, message, set())


async def _settle(context: Context, note: NoteRow, outcome: Outcome) -> NoteState:
    now = context.clock()
    state, due, attempts = _decide(note, outcome, now)
    unheard = outcome.kind is OutcomeKind.RELAY
    answered, place = (note.answered_at, note.place_at) if unheard else (note.answered_at or now, None)
    async with context.store.write() as tx:
        await notes.settle(
            tx, note.id, state, reply=str(outcome), due_at=due, attempts=attempts, answered_at=answered, place_at=place
        )
        if outcome.kind is OutcomeKind.SENDER and note.kind is not NoteKind.ALERT:
            await context.alert(tx, _refused(note, outcome))
    return state


def _refused(note: NoteRow, outcome: Outcome) -> Incident:
    """News for operators, the same for every try of it, and for all notes of its day: told once."""
    return Incident(
        key=f"notes:{note.sender}:{note.created_at:%Y-%m-%d}",
        title=f"the relay of {note.sender} refuses letters to one person",
        lines=(
            f"The relay refuses us: {outcome}",
            "Notes, such as those to confirm, stay owed. They are tried again every quarter of an hour, and given up "
            "after two days in which the relay answers so.",
        ),
        sender=note.sender,
    )


def _decide(note: NoteRow, outcome: Outcome, now: datetime) -> tuple[NoteState, datetime, int]:
    """Its next state, when it is due again, and how often it has failed."""
    failures = note.attempts + 1
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            return NoteState.ACCEPTED, now, note.attempts
        case OutcomeKind.REJECTED:
            return NoteState.REJECTED, now, failures
        case OutcomeKind.UNCERTAIN:
            return NoteState.UNCERTAIN, now, failures
        case OutcomeKind.RELAY:
            return NoteState.OWED, now, note.attempts
        case OutcomeKind.DEFERRED | OutcomeKind.SENDER if _is_late(note, outcome.kind, now):
            return NoteState.REJECTED, now, failures
        case OutcomeKind.DEFERRED:
            return NoteState.OWED, now + backoff(failures, str(note.id)), failures
        case OutcomeKind.SENDER:
            return NoteState.OWED, now + _SENDER_FAULT_AGAIN, failures


def _is_late(note: NoteRow, kind: OutcomeKind, now: datetime) -> bool:
    """Whether it is given up: so long after its first answer, and by the waits that so many answers stand for."""
    if note.answered_at is None:
        return False
    sender = kind is OutcomeKind.SENDER
    stood = note.attempts * _SENDER_FAULT_AGAIN if sender else waited(note.attempts, str(note.id))
    return min(now - note.answered_at, stood) >= GIVE_UP_AFTER
