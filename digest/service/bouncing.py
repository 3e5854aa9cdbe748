"""Bounces as they come to an operator's door: judged, acted upon, listed; and an alarm when many refuse us."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from digest.model.subscribers import Subscriber
from digest.service import alerting
from digest.service.house import House, now
from digest.service.reading import message_id_of
from digest.store import bounces, editions, histories, mailings, subscribers
from digest.store.bounces import Bounce
from digest.store.database import Tx
from digest.subscribers import bouncing, tokens
from digest.subscribers.bounces import Class, Judged, classify
from digest.subscribers.bouncing import Came
from digest.subscribers.tokens import Purpose
from digest.subscribers.verp import Returned

MANY = 20
"""Letters of one mailing that came back as block before operators are told: it is about us, not about them."""
_LOOKED_AT = 24
"""A person's newest letters that a Message-ID is held against."""
_MOST = 50
"""Links and Message-IDs looked at in one message: strangers write bounces, too."""
_ID = re.compile(r"<[^<>\s@]{1,64}@[^<>\s@]{1,255}>")
_LINK = re.compile(r"/unsubscribe/([A-Za-z0-9_.]{20,160})")


def judged(raw: bytes) -> tuple[Judged, ...]:
    """Only classify: nothing is looked up and nothing is changed."""
    return classify(raw)


async def take(house: House, raw: bytes, *, to: str = "", source: str) -> tuple[Came, ...]:
    """Read one message; what it was is in the ledger when this returns."""

    async def recognise(tx: Tx, text: str) -> Returned | None:
        return await recognised(house, tx, text)

    came = await bouncing.take(house.store, house.keys, raw, to=to, source=source, now=now(), recognise=recognise)
    await warn(house, came)
    return came


async def recognised(house: House, tx: Tx, text: str) -> Returned | None:
    """Whose letter came back where no envelope tells: its own link to leave says who, its Message-ID which it was."""
    ids = {match[0] for match in islice(_ID.finditer(text), _MOST)}
    for match in islice(_LINK.finditer(text), _MOST):
        claim = tokens.read(house.keys, Purpose.UNSUBSCRIBE, match[1])
        found = await subscribers.by_handle(tx, claim.handle) if claim else None
        if found and (mailing := await mailing_of(house, tx, found, ids)):
            return Returned(found.handle, mailing)
    return None


async def mailing_of(house: House, tx: Tx, found: Subscriber, said: Collection[str]) -> int | None:
    """Whose Message-ID is among those, of somebody's newest letters: it is a MAC, so nobody can make one up."""
    for letter in (await histories.of(tx, found.id))[:_LOOKED_AT]:
        ours = (message_id_of(house, letter, found.handle) or "").encode()
        if ours and any(hmac.compare_digest(ours, each.encode()) for each in said):
            return letter.mailing
    return None


async def warn(house: House, came: Sequence[Came]) -> None:
    """Tell operators once for each mailing that many servers block."""
    for mailing in _blocked(came):
        async with house.store.read() as tx:
            many = await bounces.counted(tx, mailing, Class.BLOCK)
            row = await mailings.get(tx, mailing) if many >= MANY else None
        if row is None:
            continue
        async with house.store.write() as tx:
            edition = await editions.get(tx, row.edition_id)
            title = f"{edition.digest} {edition.label}: many servers refuse our mail"
            lines = [
                f"{many} letters came back because of who we are or what we sent; nobody was taken off for it.",
                "Look at `digest bounces list`, and whether SPF, DKIM and DMARC still hold.",
            ]
            await alerting.tell(house, tx, key=f"blocks:{mailing}", title=title, lines=lines, now=now())


async def listed(house: House, *, unmatched: bool, limit: int | None) -> tuple[Bounce, ...]:
    """What came back, the newest first."""
    async with house.store.read() as tx:
        return await bounces.listed(tx, unmatched=unmatched, limit=limit)


def _blocked(came: Iterable[Came]) -> set[int]:
    return {each.mailing for each in came if each.kind is Class.BLOCK and each.mailing is not None}
