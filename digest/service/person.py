"""One person, whole: all that is held about them, shown, or taken out of every table."""

from __future__ import annotations

from typing import Any

from digest.service.house import House, now
from digest.service.reading import message_id_of
from digest.store import address_changes, attributes, histories, subscribers, suppressions
from digest.store.histories import Letter
from digest.subscribers import flow


async def show(house: House, email: str) -> dict[str, Any]:
    """All that is known of one person: what they may ask for under the law, too."""
    found = await flow.show(house.store, email)
    person = found.subscriber
    async with house.store.read() as tx:
        letters = await histories.of(tx, person.id)
        besides = await attributes.of(tx, [person.id])
        moves = await address_changes.of(tx, person.id)
        why = await suppressions.reason_of(tx, person.email_norm)
    return {
        "email": person.email,
        "name": person.name,
        "language": person.language,
        "text_only": person.text_only,
        "attributes": besides.get(person.id, {}),
        "since": person.created_at,
        "suppressed": found.suppressed,
        "suppressed_because": why and why.value,
        "subscriptions": [
            {
                "digest": each.digest,
                "state": each.state.value,
                "basis": each.basis.value,
                "changed_at": each.changed_at,
                "paused_until": each.paused_until,
                "evidence": each.evidence,
            }
            for each in found.subscriptions
        ],
        "address_changes": [
            {"email": each.email, "was": each.was_email, "asked_at": each.asked_at, "done_at": each.done_at}
            for each in moves
        ],
        "editions": [_letter(house, each, person.handle) for each in letters],
        "history": [f"{entry.at:%Y-%m-%d %H:%M} {entry.who}: {entry.action}" for entry in found.history],
    }


async def prefer(house: House, email: str, *, text_only: bool) -> str:
    """Let somebody's letters come as text only, or whole again; NotFound when nobody has that address."""
    found = await flow.show(house.store, email)
    async with house.store.write() as tx:
        await subscribers.set_text_only(tx, found.subscriber.id, text_only)
    return f"{email} gets {'plain text only' if text_only else 'text and HTML'} from the next edition on."


async def forget(house: House, email: str) -> str:
    """Erase a person; what is left is a keyed hash that keeps an import from bringing them back."""
    known = await flow.forget(house.store, email, now=now())
    return "Forgotten: only a keyed hash is left." if known else "Nobody had that address; it is kept out from now on."


def _letter(house: House, letter: Letter, handle: str) -> dict[str, object]:
    return {
        "digest": letter.digest,
        "edition": letter.edition,
        "outcome": letter.outcome,
        "at": letter.at,
        "message_id": message_id_of(house, letter, handle),
        "said": letter.said,
        "came_back": letter.came_back,
    }
