"""Asking somebody by mail whether they want a digest: the subscriber's row and the note, in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from digest.letter import notes
from digest.model.deliveries import NoteKind
from digest.model.subscribers import Subscriber
from digest.service import alerting, noting
from digest.service.house import House
from digest.service.letters import site_view
from digest.settings import Digest
from digest.store import askings
from digest.store import notes as owed
from digest.store.askings import DAILY, HOURLY
from digest.store.database import Tx
from digest.subscribers import flow, limits, moving
from digest.subscribers.address import Address

EVERY = 600
"""Seconds in which one address gets one confirm note for a digest, however often it is asked for."""


PENDING_FOR = timedelta(days=7)
"""Who has not confirmed by then is forgotten; the link itself lasts three days."""


MAILED_FOR = timedelta(days=8)
"""To whom a link was mailed is known for as long as it may be good."""


class Asked(StrEnum):
    """What an asker is told; never anything about the address."""

    TAKEN = "taken"
    TOO_OFTEN = "too often"
    """Too many from there, or altogether."""


async def ask(
    house: House, digest: Digest, address: Address, *, language: str, wording: str, ip: str = "", now: datetime
) -> Asked:
    """Owe a confirm note to an address that is not confirmed or suppressed; the caller learns nothing of that."""

    async def owe(tx: Tx, subscriber: Subscriber, token: str) -> None:
        site = site_view(house)
        link = f"{site.url}/confirm/{token}"
        await noting.owe(
            house,
            tx,
            notes.confirm(house.templates, language=language, site=site, digest_title=digest.title, link=link),
            kind=NoteKind.CONFIRM,
            digest=digest,
            address=subscriber.email_norm,
            subscriber=subscriber.id,
            key=token,
            dedupe_key=f"confirm:{digest.slug}:{subscriber.handle}:{int(now.timestamp()) // EVERY}",
            now=now,
        )

    async with house.store.write() as tx:
        if await refused(house, tx, ip, now):
            return Asked.TOO_OFTEN
        # Whoever fills a stranger's mailbox is not told that it was noticed.
        silent = not await may_write(house, tx, address, now)
        said = {"language": language, "wording": wording, "ip": ip}
        await flow.subscribe(tx, house.keys, digest.slug, address, **said, now=now, owe=owe, silent=silent)
    return Asked.TAKEN


async def refused(house: House, tx: Tx, ip: str, now: datetime) -> bool:
    """Whether too many have asked already, from there or altogether; operators hear of the latter."""
    if ip and not await askings.allowed(tx, _key(house, limits.network(ip)), limits.A_NETWORK, HOURLY, now):
        return True
    if await askings.allowed(tx, "all", limits.ALTOGETHER, HOURLY, now):
        return False
    await _alert(house, tx, now)
    return True


async def may_write(house: House, tx: Tx, address: Address, now: datetime) -> bool:
    """Whether one more letter may go to a mailbox today that its owner may not have asked for."""
    return await askings.allowed(tx, _key(house, limits.folded(address.norm)), limits.A_MAILBOX, DAILY, now)


async def tidy(house: House, *, now: datetime) -> int:
    """Forget who asked and never confirmed, and what was counted of askings; how many were forgotten."""
    async with house.store.write() as tx:
        await askings.tidy(tx, now)
        await moving.tidy(tx, now)
        await owed.tidy(tx, now - MAILED_FOR)
        return await askings.forget_pending(tx, now - PENDING_FOR)


async def _alert(house: House, tx: Tx, now: datetime) -> None:
    lines = [
        f"More than {limits.ALTOGETHER} people asked to join within an hour, which is more than people do.",
        "Until it is less, nobody else is sent a letter to confirm; they are told to try again in an hour.",
    ]
    title = "somebody is filling in the form to subscribe"
    await alerting.tell(house, tx, key=f"joining:{now:%Y-%m-%dT%H}", title=title, lines=lines, now=now)


def _key(house: House, name: str) -> str:
    """No address and no network stands in the ledger for having asked."""
    return house.keys.mac("joining", name).hex()
