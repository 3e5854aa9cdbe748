"""Telling operators by mail: a note to each address of `alerts.to`, once for each key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b

from digest.deliveries.incident import Incident
from digest.letter import headers, notes
from digest.model.deliveries import NoteKind
from digest.service import noting
from digest.service.house import House
from digest.service.letters import site_view
from digest.store import editions
from digest.store import notes as owed
from digest.store.database import Tx


async def tell(
    house: House,
    tx: Tx,
    *,
    key: str,
    title: str,
    lines: Sequence[str],
    link: str = "",
    sender: str = "",
    calm: bool = False,
    now: datetime,
) -> int:
    """Owe the note in the caller's transaction; to how many. `sender` is a slug, by default the first declared.

    A `calm` one tells of nothing that is wrong.
    """
    slug = sender or next(iter(house.settings.senders), "")
    if not slug or not house.settings.alerts.to:
        return 0
    site, declared, written = site_view(house), house.settings.senders[slug], 0
    note = notes.alert(
        house.templates, language=site.language, site=site, title=title, lines=lines, link=link, calm=calm
    )
    for address in dict.fromkeys(house.settings.alerts.to):
        to = headers.mailbox(address)
        written += await owed.add(
            tx,
            kind=NoteKind.ALERT,
            sender=slug,
            address=to.address,
            message=noting.message(declared, to, note, mac=house.keys.mac("note", key, to.address), date=now),
            dedupe_key=once("alert", key, to.address),
            now=now,
        )
    return written


async def was_told(house: House, tx: Tx, key: str) -> bool:
    """Whether a note about `key` has been owed to anybody, or nobody is there to be told."""
    people = [headers.mailbox(address).address for address in house.settings.alerts.to]
    return not people or await owed.state_of(tx, once("alert", key, people[0])) is not None


async def hear(house: House, tx: Tx, incident: Incident, *, at: datetime) -> int:
    """Owe the note of an incident, by the sender that it is about; to how many."""
    title = incident.title
    if incident.edition_id is not None:
        edition = await editions.get(tx, incident.edition_id)
        title = f"{edition.digest} {edition.label}: {title}"
    return await tell(house, tx, key=incident.key, title=title, lines=incident.lines, sender=incident.sender, now=at)


def once(kind: str, key: str, address: str) -> str:
    """The dedupe key of a note about `key` to `address`, however long they are."""
    return f"{kind}:{blake2b(f'{key} {address}'.encode(), digest_size=16).hexdigest()}"
