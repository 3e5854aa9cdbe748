"""Subscribers and suppressions as an operator handles them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from digest.errors import NotFound, UsageError
from digest.model.subscribers import Subscriber, Subscription
from digest.service.house import House, now
from digest.store import suppressions
from digest.subscribers import entering, flow, leaving
from digest.subscribers.address import Refused
from digest.subscribers.consent import Entering
from digest.subscribers.entering import ImportReport

_ENTERED = {
    Entering.ADD: "added",
    Entering.CONFIRM: "confirmed",
    Entering.ALREADY: "there already",
}


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
    house: House, file: Path, digest: str, *, confirmed: bool, progress: Callable[[int, int], None]
) -> ImportReport:
    """Import a CSV file; lines that were refused are in the report."""
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

    return await entering.import_csv(house.store, file, digest, confirmed=confirmed, now=now(), progress=advance)


async def listed(house: House, digest: str | None, limit: int | None) -> tuple[Row, ...]:
    """Everybody, or those of one digest, in the order they came."""
    if digest is not None:
        house.digest(digest)
    pairs = await flow.listed(house.store, digest)
    return tuple(_row(subscriber, subscription) for subscriber, subscription in pairs[:limit])


async def show(house: House, email: str) -> dict[str, Any]:
    """All that is known of one person."""
    found = await flow.show(house.store, email)
    person = found.subscriber
    return {
        "email": person.email,
        "name": person.name,
        "language": person.language,
        "since": person.created_at,
        "suppressed": found.suppressed,
        "subscriptions": [
            {
                "digest": each.digest,
                "state": each.state.value,
                "basis": each.basis.value,
                "changed_at": each.changed_at,
                "evidence": each.evidence,
            }
            for each in found.subscriptions
        ],
        "history": [f"{entry.at:%Y-%m-%d %H:%M} {entry.who}: {entry.action}" for entry in found.history],
    }


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


async def suppressed(house: House, limit: int | None) -> list[dict[str, object]]:
    """Whom we must not write to, the newest first."""
    async with house.store.read() as tx:
        rows = await suppressions.listed(tx, limit=limit)
    return [{"email": row.email, "reason": row.reason.value, "source": row.source, "at": row.at} for row in rows]


async def suppress(house: House, email: str) -> str:
    """Never write to that address."""
    await flow.suppress(house.store, email, now=now())
    return f"{email} is suppressed."


async def unsuppress(house: House, email: str) -> str:
    """Lift a suppression; NotFound when there is none."""
    if not await flow.unsuppress(house.store, email):
        raise NotFound("is not suppressed", about=email)
    return f"{email} may be written to again."


def _row(subscriber: Subscriber, subscription: Subscription) -> Row:
    return Row(
        email=subscriber.email,
        name=subscriber.name,
        language=subscriber.language,
        digest=subscription.digest,
        state=subscription.state.value,
        basis=subscription.basis.value,
        changed_at=subscription.changed_at,
    )
