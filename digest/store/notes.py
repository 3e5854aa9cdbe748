"""Notes: single letters, each owed once by its dedupe key."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, delete, func, or_, select, update

from digest.model.deliveries import NoteKind, NoteState
from digest.store import stopping
from digest.store.database import Tx, insert_ignore
from digest.store.ready import Ready
from digest.store.schema import notes

_C = notes.c
_OVER = (NoteState.ACCEPTED, NoteState.REJECTED)
OPERATORS = (NoteKind.ALERT, NoteKind.PROOF)
"""What goes to operators alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """A note as claimed; `message` is the whole mail, CRLF, not dot-stuffed."""

    id: int
    kind: NoteKind
    sender: str
    address: str
    message: bytes
    attempts: int
    answered_at: datetime | None
    """When a relay first answered for it; None when none has."""
    place_at: datetime | None
    """When its place of the pace is, as long as it is not used; None where it has none yet."""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCounts:
    """How many notes stand in which state."""

    owed: int = 0
    sending: int = 0
    accepted: int = 0
    rejected: int = 0
    uncertain: int = 0


async def add(
    tx: Tx,
    *,
    kind: NoteKind,
    sender: str,
    address: str,
    message: bytes,
    dedupe_key: str,
    now: datetime,
    subscriber_id: int | None = None,
) -> bool:
    """Owe one; False when the dedupe key has been used: it is owed or was sent already."""
    values: dict[str, object] = {
        "kind": kind,
        "sender": sender,
        "address": address,
        "message": message,
        "dedupe_key": dedupe_key,
    }
    values |= {"subscriber_id": subscriber_id, "state": NoteState.OWED, "due_at": now, "created_at": now}
    row = await tx.execute(insert_ignore(tx, notes).values(**values).returning(_C.id))
    return row.scalar_one_or_none() is not None


async def due(
    tx: Tx, now: datetime, *, sender: str = "", without: Collection[str] = (), limit: int = 50
) -> tuple[int, ...]:
    """Ids of the notes to send now, oldest first: of one sender, or of all but the senders `without`."""
    query = select(_C.id).where(_owed(), _C.due_at <= now).order_by(_C.due_at, _C.id)
    whose = _C.sender == sender if sender else _C.sender.not_in(without)
    return tuple((await tx.execute(query.where(whose).limit(limit))).scalars())


async def senders_due(tx: Tx, now: datetime) -> tuple[str, ...]:
    """The senders that have a note to send now, whose is the oldest first."""
    query = select(_C.sender).where(_owed(), _C.due_at <= now).group_by(_C.sender).order_by(func.min(_C.due_at))
    return tuple((await tx.execute(query)).scalars())


async def any_due(tx: Tx, now: datetime, *, without: Collection[str] = ()) -> bool:
    """Whether a note should be sent now, but for those of the senders `without`."""
    if not without:
        return bool(await _ready.rows(tx, {"now": now}))
    return (await tx.execute(_ANY_DUE.where(_C.sender.not_in(without)), {"now": now})).first() is not None


def _owed() -> ColumnElement[bool]:
    """Those that may go: while everything is stopped, only what operators get."""
    theirs = [_C.kind == kind for kind in OPERATORS]
    return (_C.state == NoteState.OWED) & or_(*theirs, stopping.going())


_ANY_DUE = select(_C.id).where(_owed(), _C.due_at <= bindparam("now")).limit(1)
_ready = Ready(_ANY_DUE)


async def claim(tx: Tx, note: int, *, now: datetime, until: datetime) -> NoteRow | None:
    """Mark one as being sent until `until`; None when somebody was faster."""
    change = update(notes).where(_C.id == note, _owed(), _C.due_at <= now)
    names = [_C[name] for name in NoteRow.__slots__]
    done = await tx.execute(change.values(state=NoteState.SENDING, leased_until=until).returning(*names))
    row = done.mappings().one_or_none()
    return NoteRow(**{**row, "kind": NoteKind(row["kind"])}) if row else None


async def waiting(tx: Tx, kind: NoteKind, *, before: datetime, without: str = "") -> tuple[NoteRow, ...]:
    """Notes of a kind that have been owed since before then, but for those of the sender `without`."""
    names = [_C[name] for name in NoteRow.__slots__]
    query = select(*names).where(_C.kind == kind, _C.state == NoteState.OWED, _C.created_at <= before)
    rows = (await tx.execute(query.where(_C.sender != without).order_by(_C.id))).mappings()
    return tuple(NoteRow(**{**row, "kind": NoteKind(row["kind"])}) for row in rows)


async def readdress(tx: Tx, note: int, sender: str, message: bytes, *, now: datetime) -> bool:
    """Let another sender have one that is owed, in its own words; False when somebody is just sending it."""
    change = update(notes).where(_C.id == note, _C.state == NoteState.OWED)
    done = await tx.execute(change.values(sender=sender, message=message, due_at=now, place_at=None))
    return done.rowcount == 1


async def put_off(tx: Tx, note: int, until: datetime) -> None:
    """Owe a claimed one again, until its place of the pace, which is kept for it."""
    values = {"state": NoteState.OWED, "leased_until": None, "due_at": until, "place_at": until}
    await tx.execute(update(notes).where(_C.id == note, _C.state == NoteState.SENDING).values(**values))


async def settle(
    tx: Tx,
    note: int,
    state: NoteState,
    *,
    reply: str,
    due_at: datetime,
    attempts: int,
    answered_at: datetime | None = None,
    place_at: datetime | None = None,
) -> None:
    """Say what became of a claimed one; `due_at` matters only while it is owed. Of what is over no words are kept.

    `answered_at` is when a relay first answered for it, where one has; `place_at` a place that it has not used.
    """
    values: dict[str, object] = {"state": state, "last_reply": reply[:500], "due_at": due_at, "attempts": attempts}
    values["place_at"] = place_at
    if answered_at:
        values["answered_at"] = answered_at
    if state in _OVER:
        values["message"] = b""
    # Late but true: the answer counts even if the lease ended and the note was called uncertain.
    mine = _C.state.in_((NoteState.SENDING, NoteState.UNCERTAIN))
    await tx.execute(update(notes).where(_C.id == note, mine).values(**values, leased_until=None))


async def tidy(tx: Tx, before: datetime) -> None:
    """Forget to whom links were mailed, and have long run out; alerts are told once for good."""
    old = _C.state.in_(_OVER) & _C.kind.in_((NoteKind.CONFIRM, NoteKind.MANAGE)) & (_C.created_at < before)
    await tx.execute(delete(notes).where(old))


async def orphans(tx: Tx, now: datetime) -> int:
    """How many a worker began and did not settle in time."""
    return int((await tx.execute(select(func.count()).where(_lost(now)))).scalar_one())


async def doubt_orphans(tx: Tx, now: datetime) -> int:
    """Call uncertain what a worker began and never settled; such notes are not sent again by themselves."""
    values = {"state": NoteState.UNCERTAIN, "last_reply": "the worker that was sending it is gone"}
    return (await tx.execute(update(notes).where(_lost(now)).values(**values, leased_until=None))).rowcount


async def next_due(tx: Tx, *, without: Collection[str] = ()) -> datetime | None:
    """When the next owed note is due, but for those of the senders `without`; None for none."""
    query = select(func.min(_C.due_at)).where(_owed(), _C.sender.not_in(without))
    at: datetime | None = (await tx.execute(query)).scalar_one_or_none()
    return at


async def state_of(tx: Tx, dedupe_key: str) -> NoteState | None:
    """Where the note of that key stands; None when there is none."""
    found = (await tx.execute(select(_C.state).where(_C.dedupe_key == dedupe_key))).scalar_one_or_none()
    return None if found is None else NoteState(found)


async def counts(tx: Tx) -> NoteCounts:
    """How all notes stand."""
    rows = await tx.execute(select(_C.state, func.count()).group_by(_C.state))
    return NoteCounts(**{str(state): int(count) for state, count in rows})


def _lost(now: datetime) -> ColumnElement[bool]:
    return (_C.state == NoteState.SENDING) & or_(_C.leased_until.is_(None), _C.leased_until < now)
