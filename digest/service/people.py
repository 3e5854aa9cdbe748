"""Subscribers as an operator handles them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from digest.errors import UsageError
from digest.model.subscribers import Basis, Subscriber, Subscription, SubscriptionState
from digest.service.house import House, now
from digest.subscribers import csvfile, entering, flow, leaving
from digest.subscribers.address import Refused
from digest.subscribers.consent import Entering
from digest.subscribers.entering import ImportReport

_ENTERED = {
    Entering.ADD: "added",
    Entering.CONFIRM: "confirmed",
    Entering.ALREADY: "there already",
}


EXPORTED = ("email", "name", "language", "digest", "state", "basis", "changed_at", "evidence")


@dataclass(frozen=True, slots=True)
class Segment:
    """Whom to list or export: of a digest, in a state, speaking a language, joined since."""

    digest: str | None = None
    state: str = ""
    language: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One person and one digest."""

    email: str
    name: str
    language: str
    digest: str
    state: str
    basis: str
    changed_at: datetime
    evidence: str = ""

    def json(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}


async def add(house: House, email: str, digest: str, *, name: str, language: str, confirmed: bool) -> str:
    """Add one person; UsageError says why not."""
    house.digest(digest)
    came = await entering.add(house.store, email, digest, name=name, language=language, confirmed=confirmed, now=now())
    if isinstance(came, Refused):
        raise UsageError(came.why, about=email)
    if came in _ENTERED:
        return f"{email} is {_ENTERED[came]}: {digest}."
    raise UsageError(entering.why(came, None), about=email)


async def import_csv(
    house: House,
    file: Path,
    digest: str,
    *,
    confirmed: bool,
    progress: Callable[[int, int], None],
    basis: str = Basis.CONSENT,
    columns: Sequence[str] = (),
    dry: bool = False,
) -> ImportReport:
    """Import a CSV file; lines that were refused are in the report. `columns` are like "email=E-Mail"."""
    house.digest(digest)
    try:
        with file.open("rb") as lines:
            total = sum(1 for _ in lines)
    except OSError as error:
        raise UsageError(error.strerror or "cannot be read", about=str(file)) from None
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(done, total)

    return await entering.import_csv(
        house.store,
        file,
        digest,
        confirmed=confirmed,
        now=now(),
        progress=advance,
        basis=_basis(basis),
        columns=_columns(columns),
        dry=dry,
    )


async def listed(house: House, segment: Segment, limit: int | None = None) -> tuple[Row, ...]:
    """Everybody of a segment, in the order they came."""
    if segment.digest is not None:
        house.digest(segment.digest)
    pairs = await flow.listed(house.store, segment.digest, _state(segment.state))
    rows = (_row(subscriber, subscription) for subscriber, subscription in pairs if _within(segment, subscriber))
    return tuple(islice(rows, limit))


async def exported(house: House, segment: Segment) -> str:
    """A segment as CSV, formulas guarded; what `import` reads again comes first."""
    rows = await listed(house, segment)
    lines = [
        (r.email, r.name, r.language, r.digest, r.state, r.basis, r.changed_at.isoformat(), r.evidence) for r in rows
    ]
    return csvfile.written([EXPORTED, *lines])


async def unsubscribe(house: House, email: str, digest: str | None) -> str:
    """Take somebody off one digest, or off all."""
    if digest is not None:
        house.digest(digest)
    norm = flow.address(email).norm
    left = await leaving.unsubscribe_address(house.store, norm, digest, now=now())
    if left:
        return f"{email} has left {', '.join(left)}."
    await flow.show(house.store, email)
    return f"{email} had left already."


def _row(subscriber: Subscriber, subscription: Subscription) -> Row:
    return Row(
        email=subscriber.email,
        name=subscriber.name,
        language=subscriber.language,
        digest=subscription.digest,
        state=subscription.state.value,
        basis=subscription.basis.value,
        changed_at=subscription.changed_at,
        evidence=subscription.evidence,
    )


def _within(segment: Segment, subscriber: Subscriber) -> bool:
    spoken = subscriber.language == segment.language or subscriber.language.startswith(f"{segment.language}-")
    joined = segment.since is None or subscriber.created_at >= segment.since
    return joined and (not segment.language or spoken)


def _state(name: str) -> SubscriptionState | None:
    try:
        return SubscriptionState(name) if name else None
    except ValueError:
        raise UsageError(f"is no state; there are: {', '.join(SubscriptionState)}", about=name) from None


def _basis(name: str) -> Basis:
    try:
        return Basis(name.replace("-", " ", 1) if name.startswith("soft") else name)
    except ValueError:
        raise UsageError(f"is no basis; there are: {', '.join(Basis)}", about=name) from None


def _columns(given: Sequence[str]) -> dict[str, str]:
    columns = dict(part.partition("=")[::2] for part in given)
    if not all(columns.values()):
        raise UsageError('write it like email="E-Mail" or name="First name+Last name"', about="--map")
    return columns
