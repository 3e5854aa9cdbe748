"""Bounces as they come to an operator's door: judged, acted upon, listed; and an alarm when many refuse us."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from digest.service import alerting
from digest.service.house import House, now
from digest.store import bounces, editions, mailings
from digest.store.bounces import Bounce
from digest.subscribers import bouncing
from digest.subscribers.bounces import Class, Judged, classify
from digest.subscribers.bouncing import Came

MANY = 20
"""Letters of one mailing that came back as block before operators are told: it is about us, not about them."""


def judged(raw: bytes) -> tuple[Judged, ...]:
    """Only classify: nothing is looked up and nothing is changed."""
    return classify(raw)


async def take(house: House, raw: bytes, *, to: str = "", source: str) -> tuple[Came, ...]:
    """Read one message; what it was is in the ledger when this returns."""
    came = await bouncing.take(house.store, house.keys, raw, to=to, source=source, now=now())
    await warn(house, came)
    return came


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
