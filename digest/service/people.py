"""Subscribers as an operator handles them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from digest.errors import UsageError
from digest.model.subscribers import EVERYBODY, Basis, Segment, Subscriber, Subscription, SubscriptionState
from digest.service.house import House, now
from digest.store import attributes
from digest.subscribers import csvfile, entering, flow, leaving
from digest.subscribers.address import Refused
from digest.subscribers.consent import Entering
from digest.subscribers.entering import ImportReport
from digest.subscribers.mapping import ATTRIBUTE

AT_ONCE = 1_000

_ENTERED = {
    Entering.ADD: "added",
    Entering.CONFIRM: "confirmed",
    Entering.ALREADY: "there already",
}


EXPORTED = ("email", "name", "language", "digest", "state", "basis", "changed_at", "evidence", "text_only")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whom to list or export: of a digest or all, in a state or any, within a segment."""

    digest: str | None = None
    state: str = ""
    segment: Segment = EVERYBODY


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
    text_only: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}


async def add(house: House, email: str, digest: str, *, name: str, language: str, confirmed: bool) -> str:
    """Add one person; UsageError says why not."""
    house.digest(digest)
    came = await entering.add(house.store, email, digest, name=name, language=language, confirmed=confirmed, now=now())
    if isinstance(came, Refused):
        raise UsageError(came.why, about=email)
    if came is Entering.ADD and not confirmed:
        form = f"{house.settings.site.url}/subscribe/{digest}"
        return f"{email} is added: {digest}. Nothing is sent there until they confirm, by {form}; or add --confirmed."
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
    encoding: str = "",
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
        encoding=encoding,
        dry=dry,
    )


async def listed(house: House, chosen: Chosen, limit: int | None = None) -> tuple[Row, ...]:
    """Everybody who is chosen, in the order they came."""
    if chosen.digest is not None:
        house.digest(chosen.digest)
    pairs = await flow.listed(house.store, chosen.digest, _state(chosen.state), chosen.segment, limit=limit)
    besides: dict[int, dict[str, str]] = {}
    async with house.store.read() as tx:
        if await attributes.names(tx):
            ids = [subscriber.id for subscriber, _ in pairs]
            for first in range(0, len(ids), AT_ONCE):
                besides |= await attributes.of(tx, ids[first : first + AT_ONCE])
    return tuple(_row(subscriber, standing, besides.get(subscriber.id, {})) for subscriber, standing in pairs)


async def exported(house: House, chosen: Chosen) -> str:
    """The same as CSV, formulas guarded; what `import` reads again comes first."""
    rows = await listed(house, chosen)
    names = sorted({name for row in rows for name in row.attributes})
    lines = [(*_cells(row), *(row.attributes.get(name, "") for name in names)) for row in rows]
    return csvfile.written([(*EXPORTED, *(f"{ATTRIBUTE}{name}" for name in names)), *lines])


def segment(language: str, besides: Sequence[str], since: datetime | None) -> Segment:
    """A segment as an operator says it; `besides` are like "country=CL"."""
    pairs = [each.partition("=") for each in besides]
    for name, equals, value in pairs:
        if not (name and equals and value):
            raise UsageError('write it like country="Chile"', about="--attribute")
    return Segment(
        language=language.lower(),
        attributes=tuple((name.strip().lower(), value.strip()) for name, _, value in pairs),
        joined_since=since,
    )


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


def _cells(row: Row) -> tuple[str, ...]:
    changed, text = row.changed_at.isoformat(), "yes" if row.text_only else ""
    return (row.email, row.name, row.language, row.digest, row.state, row.basis, changed, row.evidence, text)


def _row(subscriber: Subscriber, subscription: Subscription, besides: Mapping[str, str]) -> Row:
    return Row(
        email=subscriber.email,
        name=subscriber.name,
        language=subscriber.language,
        digest=subscription.digest,
        state=subscription.state.value,
        basis=subscription.basis.value,
        changed_at=subscription.changed_at,
        evidence=subscription.evidence,
        text_only=subscriber.text_only,
        attributes=besides,
    )


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
