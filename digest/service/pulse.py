"""The dead man's address: asked for when a due edition is settled, so that whoever watches it misses the silence."""

from __future__ import annotations

from digest.engine.log import get_logger
from digest.errors import FetchError
from digest.service import collecting
from digest.service.house import House, now
from digest.store import pulses

log = get_logger()


async def go(house: House) -> None:
    """Ask for the address of every digest of which a slot was settled since: sent, skipped, or let go by somebody."""
    for slug, digest in house.settings.digests.items():
        if digest.ping is None:
            continue
        async with house.store.read() as tx:
            settled = await pulses.settled(tx, slug)
        if not settled or not await _asked(house, digest.ping.get_secret_value(), slug):
            continue
        async with house.store.write() as tx:
            await pulses.told(tx, settled, now())


async def _asked(house: House, url: str, slug: str) -> bool:
    try:
        async with collecting.fetcher(house) as client:
            await client.get(url, own=url)
    except FetchError as error:
        # Tried again at the next round; the address is a secret in itself, and stands in no log.
        log.error("dead man's address failed", digest=slug, error=error.message)
        return False
    return True
